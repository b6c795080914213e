// What agents say, what the process before left, and cancelling.
#include "fleet/exec/command_center.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "fleet/exec/messages.hpp"
#include "fleet/protocol/frame.hpp"
#include "model/command_json.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <optional>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;
using protocol::text_of;

void command_center::listen() {
    const auto bound = [weak = weak_from_this()](auto take) {
        return [weak, take](const std::string& agent, const json& body) {
            const auto self = weak.lock();
            if (self && body.is_object())
                ((*self).*take)(agent, body);
        };
    };
    parts_.link.offer(std::string(feature));
    parts_.link.on_message(std::string(started_kind), bound(&command_center::started));
    parts_.link.on_message(std::string(output_kind), bound(&command_center::output));
    // From an agent whose disk is full it comes as a message; once there is room, it is delivered as well.
    parts_.link.on_message(std::string(result_kind),
                           [weak = weak_from_this()](const std::string& agent, const json& body) {
                               if (const auto self = weak.lock(); self && body.is_object())
                                   self->result_came(agent, body, [] {});
                           });
    parts_.link.on_delivery(
        std::string(result_kind),
        [weak = weak_from_this()](const std::string& agent, const json& body, std::function<void()> taken) {
            if (const auto self = weak.lock())
                self->result_came(agent, body, std::move(taken));
        });
    parts_.link.on_delivery(
        std::string(refusal_kind),
        [weak = weak_from_this()](const std::string& agent, const json& body, std::function<void()> taken) {
            const auto self = weak.lock();
            if (self && body.is_object())
                self->refusal_came(agent, body, std::move(taken));
            else if (self)
                taken();
        });
    parts_.link.on_connected([weak = weak_from_this()](const std::string& agent) {
        if (const auto self = weak.lock())
            self->agent_changed(agent);
    });
}

void command_center::take_up(const live_ptr& left, model::command_task kept) {
    auto made = std::make_shared<live_task>();
    made->now = std::move(kept);
    made->of = left;
    made->durable = true;
    left->tasks.push_back(made);
    ++left->open;
    tasks_.emplace(made->now.id, made);
    by_agent_[made->now.agent].insert(made->now.id);
    set_due(made, left->now.not_after);
}

asio::awaitable<result<void>> command_center::start() {
    auto left = co_await records_.unfinished();
    if (!left)
        co_return left.error();
    if (!left->empty())
        base::log::info("fleet", "taking up unfinished commands", {{"tasks", std::to_string(left->size())}});
    std::map<std::string, live_ptr> found;
    for (const auto& task : *left) {
        if (found.contains(task.command))
            continue;
        auto kept = co_await records_.command(task.command);
        if (!kept)
            co_return kept.error();
        auto& made = found[task.command];
        if (!*kept) {
            base::log::error("fleet", "a task is left out, because its command is not stored", {{"task", task.id}});
            continue;
        }
        made = std::make_shared<live_command>();
        made->now = std::move(**kept);
        made->now.counts = {};
        task_query all;
        all.command = task.command;
        all.limit = 200;
        for (bool more = true; more;) {
            auto page = co_await records_.tasks(all);
            if (!page)
                co_return page.error();
            for (const auto& each : page->items) {
                ++made->now.counts[static_cast<std::size_t>(each.state)];
                if (model::is_final(each.state))
                    ++made->settled[static_cast<std::size_t>(each.state)];
            }
            more = page->next.has_value();
            all.cursor = page->next.value_or("");
        }
    }
    outbox out;
    {
        const std::lock_guard lock(mutex_);
        for (auto& task : *left)
            if (const auto& of = found[task.command])
                take_up(of, std::move(task));
        for (const auto& [id, each] : found)
            if (each)
                commands_.emplace(id, each);
        for (const auto& [id, each] : tasks_)
            dispatch(each, out); // those whose agents have come already, or whose time is over
        if (parts_.figures != nullptr)
            parts_.figures->unfinished(tasks_.size());
    }
    send(out);
    co_return ok();
}

void command_center::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    timer_.cancel();
    for (const auto& [id, each] : commands_)
        each->tasks.clear(); // they hold each other
    commands_.clear();
    tasks_.clear();
    by_agent_.clear();
    due_.clear();
}

void command_center::agent_changed(const std::string& agent) {
    outbox out;
    {
        const std::lock_guard lock(mutex_);
        const auto of = by_agent_.find(agent);
        if (of == by_agent_.end())
            return;
        const auto ids = of->second; // finish() may change it
        for (const auto& id : ids)
            if (const auto at = tasks_.find(id); at != tasks_.end())
                dispatch(at->second, out);
    }
    send(out);
}

command_center::task_ptr command_center::find(const std::string& id, const std::string& agent) const {
    const auto at = tasks_.find(id);
    return at != tasks_.end() && at->second->now.agent == agent ? at->second : nullptr;
}

void command_center::started(const std::string& agent, const json& body) {
    outbox out;
    {
        const std::lock_guard lock(mutex_);
        const auto which = find(text_of(body, "task_id"), agent);
        if (!which || which->ending || which->now.state != model::task_state::sent)
            return;
        set_state(which, model::task_state::running);
        if (const auto time = base::parse_rfc3339(text_of(body, "started_at")))
            which->now.result.started_at = *time;
        publish_task(*which, out);
    }
    send(out);
}

void command_center::output(const std::string& agent, const json& body) {
    const auto stream = text_of(body, "stream");
    const auto text = text_of(body, "text", std::string::npos);
    const auto offset = body.find("offset");
    if (text.empty() || (stream != "stdout" && stream != "stderr") || offset == body.end() ||
        !offset->is_number_unsigned())
        return;
    std::string command;
    {
        const std::lock_guard lock(mutex_);
        const auto which = find(text_of(body, "task_id"), agent);
        if (!which || which->ending)
            return;
        command = which->now.command;
        auto& kept = stream == "stdout" ? which->now.result.out : which->now.result.err;
        // Only what follows what is there; a gap is filled by the result.
        if (offset->get<std::size_t>() == kept.size() && live_bytes_ + text.size() <= parts_.limits.live_output) {
            kept += text;
            live_bytes_ += text.size();
        }
    }
    if (!parts_.bus.wanted())
        return;
    const json data{
        {"task", text_of(body, "task_id")}, {"agent", agent}, {"stream", stream}, {"offset", *offset}, {"text", text}};
    parts_.bus.publish("command.output", command, base::dump(data));
}

void command_center::result_came(const std::string& agent, const json& body, std::function<void()> taken) {
    auto how = task_end_from_json(body);
    if (!how || !model::is_final(how->state)) {
        base::log::warn("fleet", "an agent told the end of a command in a form that cannot be read",
                        {{"agent", agent}});
        note_said(agent, "command.bad_result", text_of(body, "task_id"), json::object());
        return taken();
    }
    outbox out;
    bool found = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return; // it comes again
        if (const auto which = find(how->task, agent)) {
            found = true;
            if (which->now.state == model::task_state::queued) {
                // Nothing was sent, so nothing can have been answered.
                out.calls.push_back(taken);
            } else {
                which->taken.push_back(taken);
                finish(which, how->state, std::move(how->result), out);
            }
        }
    }
    send(out);
    if (found)
        return;
    const auto again = body.find("again");
    const bool repeated = again != body.end() && again->is_boolean() && again->get<bool>();
    {
        const std::lock_guard lock(mutex_);
        late_.push_back({agent, std::move(*how), repeated, std::move(taken)});
        if (std::exchange(late_at_work_, true))
            return;
    }
    runtime::spawn(parts_.on, "command_center", late_answers());
}

asio::awaitable<result<model::fleet_command>> command_center::cancel(std::string id, asker by) {
    const auto known = co_await get(id);
    if (!known)
        co_return known.error();
    outbox out;
    std::vector<task_ptr> asked;
    std::optional<begun_write> writing;
    const auto on = co_await asio::this_coro::executor;
    {
        std::vector<store::record> records;
        const std::lock_guard lock(mutex_);
        const auto at = commands_.find(id);
        if (at == commands_.end())
            co_return error("command_finished", "all agents have ended the command already");
        audit_entry happened;
        happened.what = "command.cancel";
        happened.who = by.owner_name;
        happened.from = by.peer;
        happened.about = id;
        records.push_back(records_.make(happened));
        for (const auto& each : at->second->tasks) {
            if (each->ending)
                continue;
            if (each->now.state == model::task_state::queued) {
                model::task_result how;
                how.failed.emplace("cancelled", "it was cancelled before its agent was asked");
                finish(each, model::task_state::cancelled, std::move(how), out);
                continue;
            }
            each->now.cancelling = true;
            asked.push_back(each);
            records.push_back(records_.make(each->now));
        }
        // Begun here, or the record of a task that ends meanwhile would come before it.
        writing.emplace(records_.begin(std::move(records), on));
    }
    send(out);
    const auto stored = co_await writing->done();
    if (!stored)
        co_return stored.error();
    outbox orders;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& each : asked)
            dispatch(each, orders);
    }
    send(orders);
    co_return co_await get(std::move(id));
}

} // namespace ferrule::fleet::exec
