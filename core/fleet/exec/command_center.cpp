// Requests: from what was asked to durable tasks.
#include "fleet/exec/command_center.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "fleet/exec/messages.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace ferrule::fleet::exec {

using base::json;

command_center::command_center(center_parts parts)
    : parts_(std::move(parts))
    , records_(parts_.records,
               command_records::periods{parts_.kept.commands, parts_.kept.audit, parts_.limits.idempotency_window},
               parts_.clock)
    , intake_(parts_.agents, parts_.limits)
    , timer_(parts_.on) {}

asio::awaitable<result<submitted>> command_center::submit(model::command_request request, asker by) {
    const auto fingerprint = fingerprint_of(request);
    auto whole = intake_.completed(std::move(request));
    if (!whole)
        co_return whole.error();
    const auto key = key_of(by);
    if (key.empty())
        co_return co_await accept(std::move(*whole), std::move(by), {}, {});
    bool fresh = false;
    {
        const std::lock_guard lock(mutex_);
        fresh = keys_.insert(key).second;
    }
    if (!fresh)
        co_return error("idempotency_in_progress",
                        "a request with the same Idempotency-Key is being answered right now: try again", true);
    const std::unique_ptr<const std::string, std::function<void(const std::string*)>> release(
        &key, [self = shared_from_this()](const std::string* used) {
            const std::lock_guard lock(self->mutex_);
            self->keys_.erase(*used);
        });
    auto used = co_await records_.find_key(key);
    if (!used)
        co_return used.error();
    if (*used)
        co_return co_await repeated(std::move(**used), fingerprint);
    co_return co_await accept(std::move(*whole), std::move(by), key, fingerprint);
}

asio::awaitable<result<submitted>> command_center::repeated(command_records::key_use use, std::string fingerprint) {
    if (use.fingerprint != fingerprint)
        co_return error("idempotency_conflict", "this Idempotency-Key was used for a different request before: use a "
                                                "new key for a new request");
    auto before = co_await get(std::move(use.command));
    if (!before)
        co_return before.error();
    submitted again;
    again.made = std::move(*before);
    again.repeated = true;
    co_return again;
}

command_center::live_ptr command_center::make_live(model::command_request request, const asker& by,
                                                   const std::vector<std::string>& agents) {
    auto made = std::make_shared<live_command>();
    auto& now = made->now;
    now.id = base::make_id();
    now.created_at = parts_.clock.wall_now();
    now.not_after = now.created_at + std::chrono::duration_cast<std::chrono::milliseconds>(*request.ttl);
    now.request = std::move(request);
    now.owner = by.owner;
    now.owner_name = by.owner_name;
    now.peer = by.peer;
    now.total = made->open = static_cast<std::uint32_t>(agents.size());
    for (const auto& agent : agents) {
        auto task = std::make_shared<live_task>();
        task->now.id = base::make_id();
        task->now.command = now.id;
        task->now.agent = agent;
        task->now.nonce = base::random_token(18);
        // One write for those who are here: it says that the order may have left before it does.
        const bool here = parts_.link.is_connected(agent) && parts_.link.has_feature(agent, feature);
        task->now.state = here ? model::task_state::sent : model::task_state::queued;
        task->of = made;
        ++now.counts[static_cast<std::size_t>(task->now.state)];
        made->tasks.push_back(std::move(task));
    }
    return made;
}

void command_center::admit(const live_ptr& made) {
    commands_.emplace(made->now.id, made);
    for (const auto& each : made->tasks) {
        tasks_.emplace(each->now.id, each);
        by_agent_[each->now.agent].insert(each->now.id);
    }
}

void command_center::drop(const live_ptr& rejected) {
    commands_.erase(rejected->now.id);
    for (const auto& each : rejected->tasks) {
        tasks_.erase(each->now.id);
        const auto of = by_agent_.find(each->now.agent);
        if (of != by_agent_.end() && of->second.erase(each->now.id) != 0 && of->second.empty())
            by_agent_.erase(of);
    }
    rejected->tasks.clear(); // they hold each other
}

asio::awaitable<result<void>> command_center::written(std::vector<store::record> all) {
    std::optional<result<void>> outcome;
    auto start = [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        records_.write(std::move(all), [shared, &outcome](result<void> came) {
            outcome.emplace(std::move(came));
            asio::dispatch(asio::get_associated_executor(*shared), [shared] { (*shared)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

asio::awaitable<result<submitted>> command_center::accept(model::command_request request, asker by, std::string key,
                                                          std::string fingerprint) {
    const auto agents = intake_.choose(request.on);
    if (!agents)
        co_return agents.error();
    const auto made = make_live(std::move(request), by, *agents);
    std::vector<store::record> records;
    if (!key.empty())
        records.push_back(records_.make_key(key, made->now.id, fingerprint));
    audit_entry happened;
    happened.what = "command.run";
    happened.who = by.owner_name;
    happened.from = by.peer;
    happened.about = made->now.id;
    happened.details = base::dump(audit_details(made->now));
    records.push_back(records_.make(happened));
    records.push_back(records_.make(made->now));
    for (const auto& each : made->tasks)
        records.push_back(records_.make(each->now));
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            co_return error("shutting_down", "the controller is stopping: try again when it is back", true);
        if (tasks_.size() + made->tasks.size() > parts_.limits.max_unfinished)
            co_return error("overloaded",
                            std::to_string(tasks_.size()) + " shares of commands are unfinished already "
                                                            "(commands.max_unfinished): try again",
                            true);
        admit(made);
    }
    const auto stored = co_await written(std::move(records));
    outbox out;
    submitted answer;
    {
        const std::lock_guard lock(mutex_);
        if (!stored) {
            drop(made);
            co_return stored.error();
        }
        const auto tasks = made->tasks; // those that end at once leave the list
        for (const auto& each : tasks) {
            each->durable = true;
            set_due(each, made->now.not_after);
            dispatch(each, out);
        }
        publish_command(*made, out);
        answer.made = made->now;
        if (parts_.figures != nullptr) {
            parts_.figures->accepted(tasks.size());
            parts_.figures->unfinished(tasks_.size());
        }
    }
    send(out);
    co_return answer;
}

} // namespace ferrule::fleet::exec
