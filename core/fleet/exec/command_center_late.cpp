// What agents say that no order awaits any more, and what they refuse.
#include "fleet/exec/command_center.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "base/token_hash.hpp"
#include "fleet/exec/messages.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;
using protocol::text_of;

namespace {

/// What one agent says fills the record of who did what no faster than this: so many at once, and one more each pause.
constexpr int most_at_once = 200;
constexpr base::duration pause_between = std::chrono::seconds(6);
constexpr std::size_t longest_reason = 512;

/// An id for what an agent calls `id`: the same each time, and never that of another agent's.
std::string id_of_agents(const std::string& agent, const std::string& id) {
    if (!base::is_id(id))
        return {};
    constexpr std::size_t own = 12; // digits; those before hold the time, by which the record is ordered
    return id.substr(0, id.size() - own) + base::hash_token(agent + '\0' + id).substr(0, own);
}

} // namespace

void command_center::note_said(const std::string& agent, const char* what, const std::string& about,
                               const json& details, const std::string& id, std::function<void()> done) {
    bool room = false;
    {
        const std::lock_guard lock(mutex_);
        const auto now = parts_.clock.steady_now();
        auto& paid = noted_until_[agent];
        paid = std::max(paid, now);
        room = paid - now < pause_between * most_at_once;
        if (room)
            paid += pause_between;
    }
    if (!room) {
        base::log::warn("fleet", "an agent says so much that not all of it is recorded",
                        {{"agent", agent}, {"what", what}, {"about", base::shortened(about, 128)}});
        return done();
    }
    audit_entry made;
    made.what = what;
    made.who = "agent " + agent;
    made.about = base::shortened(about, 128);
    made.details = base::dump(details);
    made.id = id_of_agents(agent, id);
    records_.note(made, std::move(done));
}

void command_center::note_said(const std::string& agent, const char* what, const std::string& about,
                               const json& details) {
    note_said(agent, what, about, details, {}, [] {});
}

asio::awaitable<void> command_center::late_answers() {
    const auto self = shared_from_this();
    for (;;) {
        late_answer next;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || late_.empty()) {
                late_at_work_ = false;
                co_return; // what is left comes again
            }
            next = std::move(late_.front());
            late_.pop_front();
        }
        const auto task = next.how.task;
        try {
            auto taking = take_late(std::move(next));
            co_await std::move(taking);
        } catch (const std::exception& what) {
            base::log::error("fleet", "an exception while an answer was taken",
                             {{"task", task}, {"what", what.what()}});
        }
    }
}

asio::awaitable<void> command_center::take_late(late_answer came) {
    auto kept = co_await records_.task(came.how.task);
    if (!kept)
        co_return; // it comes again
    if (!*kept || (*kept)->agent != came.agent) {
        const json details{{"state", model::to_text(came.how.state)}, {"agent", came.agent}};
        note_said(came.agent, *kept ? "command.wrong_agent" : "command.unknown_task", came.how.task, details);
        base::log::warn("fleet", "an agent told the end of a command that is not its own",
                        {{"agent", came.agent}, {"task", base::shortened(came.how.task, 128)}});
        came.taken();
        co_return;
    }
    auto& task = **kept;
    if (came.again) {
        const json details{{"state", model::to_text(task.state)}};
        note_said(came.agent, "command.repeated", came.how.task, details);
    }
    const bool given_up =
        task.state == model::task_state::unknown && task.result.failed && task.result.failed->code() == "no_answer";
    if (!given_up) {
        came.taken();
        co_return;
    }
    // After all. The counts of its command follow.
    const auto before = static_cast<std::size_t>(task.state);
    const auto after = static_cast<std::size_t>(came.how.state);
    const auto move = [](model::task_counts& in, std::size_t from, std::size_t to) {
        if (in[from] > 0)
            --in[from];
        ++in[to];
    };
    const auto command_id = task.command;
    live_ptr live;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = commands_.find(command_id); at != commands_.end()) {
            if (at->second->open == 0)
                co_return; // its last record is on its way, with the counts as they were; the answer comes again
            live = at->second;
            move(live->now.counts, before, after);
            move(live->settled, before, after);
        }
    }
    std::vector<store::record> records;
    if (!live) {
        auto command = co_await records_.command(command_id);
        if (!command)
            co_return;
        if (*command) {
            move((*command)->counts, before, after);
            records.push_back(records_.make(**command));
        }
    }
    task.state = came.how.state;
    task.result = std::move(came.how.result);
    records.push_back(records_.make(task));
    const auto stored = co_await written(std::move(records));
    if (stored) {
        came.taken();
    } else if (live) {
        const std::lock_guard lock(mutex_);
        move(live->now.counts, after, before);
        move(live->settled, after, before);
    }
}

void command_center::refusal_came(const std::string& agent, const json& body, std::function<void()> taken) {
    const auto id = text_of(body, "task_id", 128);
    const auto digest = text_of(body, "digest", 128);
    const auto given = body.find("error");
    const auto why = base::error_from_json(given == body.end() ? "{}" : base::dump(*given), "refused");
    const auto code = base::shortened(why.code(), 64);
    const auto reason = base::shortened(why.message(), longest_reason);
    base::log::warn("fleet", "an agent refused an order",
                    {{"agent", agent}, {"task", id}, {"code", code}, {"why", reason}});
    const json details{{"task_id", id}, {"digest", digest}, {"error", {{"code", code}, {"message", reason}}}};
    if (parts_.figures != nullptr)
        parts_.figures->refused(code);
    note_said(agent, "command.refused", id, details, text_of(body, "id", 64), std::move(taken));
    outbox out;
    {
        const std::lock_guard lock(mutex_);
        const auto which = find(id, agent);
        if (!which || which->now.state == model::task_state::queued)
            return;
        // Only the order itself, not something that merely bears its name, ends the task.
        if (digest_of(seal(order_for(*which, action::run), parts_.key)) != digest)
            return;
        model::task_result how;
        how.failed = why;
        finish(which, model::task_state::refused, std::move(how), out);
    }
    send(out);
}

} // namespace ferrule::fleet::exec
