// Orders: from the link to the ledger, and what becomes of those that do not run.
#include "fleet/exec/command_agent.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/exec/messages.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace ferrule::fleet::exec {

using base::json;

command_agent::command_agent(agent_parts parts)
    : parts_(std::move(parts))
    , check_(parts_.check)
    , ledger_(parts_.records, parts_.clock)
    , idle_(parts_.on) {}

void command_agent::listen() {
    parts_.link.offer(std::string(feature));
    parts_.link.on_message(std::string(command_kind), [weak = weak_from_this()](const std::string&, const json& body) {
        if (const auto self = weak.lock())
            asio::post(self->parts_.on, [self, body] { self->take(body); });
    });
}

void command_agent::recognise(std::string self, trusted_keys keys) {
    asio::post(parts_.on, [kept = shared_from_this(), self = std::move(self), keys = std::move(keys)]() mutable {
        kept->check_.recognise(std::move(self), std::move(keys));
    });
}

asio::awaitable<result<void>> command_agent::start() {
    auto left = co_await ledger_.load();
    if (!left)
        co_return left.error();
    for (const auto& each : *left) {
        if (each.state == model::task_state::unknown)
            base::log::warn("fleet", "a command was cut off by the end of the agent before; it is unknown",
                            {{"task", each.task}});
        tell(each, false, std::chrono::seconds(1));
    }
    ready_ = true;
    co_return ok();
}

void command_agent::take(const json& message) {
    if (dead_ || stopping_ || !ready_)
        return; // the controller asks again
    auto given = check_.open(message);
    if (!given)
        return refuse_unknown(message, given.error());
    if (given->what.what == action::cancel)
        take_cancel(*given);
    else
        take_run(std::move(*given));
}

void command_agent::take_run(opened given) {
    const auto& order = given.what;
    const auto* seen = ledger_.find(order.task_id);
    const auto living = tasks_.find(order.task_id);
    const auto* used = ledger_.used_by(order.nonce);
    const bool other = (living != tasks_.end() && living->second->given.what.nonce != order.nonce) ||
                       (seen != nullptr && !seen->nonce.empty() && seen->nonce != order.nonce) ||
                       (used != nullptr && *used != order.task_id);
    if (other) {
        const error why("replayed", "the order repeats the id or the nonce of another one, so it is not run");
        base::log::warn("fleet", "an order is refused", {{"task", order.task_id}, {"code", why.code()}});
        record_refusal(order.task_id, given.digest, why);
        tell_refusal(order.task_id, given.digest, why);
        return;
    }
    if (living != tasks_.end()) {
        if (living->second->run && !living->second->starting)
            say_started(*living->second);
        return;
    }
    if (seen != nullptr)
        return answer_again(given, "the order was carried out, or refused, before");
    if (const auto good = check_.timely(order, parts_.clock.wall_now()); !good)
        return refuse(given, good.error().code() == "expired" ? model::task_state::expired : model::task_state::refused,
                      good.error());
    if (const auto good = parts_.rules.judge(order.spec); !good)
        return refuse(given, model::task_state::refused, good.error());
    if (waiting_.size() >= parts_.limits.max_queued + (running_ < parts_.limits.max_running ? 1U : 0U)) {
        const error why("overloaded",
                        std::to_string(waiting_.size()) + " commands are waiting already; agent.exec.max_queued on the "
                                                          "agent allows no more",
                        true);
        return refuse(given, model::task_state::refused, why);
    }
    auto made = std::make_shared<assignment>();
    made->given = std::move(given);
    tasks_.emplace(made->given.what.task_id, made);
    waiting_.push_back(std::move(made));
    pump();
}

void command_agent::take_cancel(const opened& given) {
    const auto& order = given.what;
    if (const auto good = check_.timely(order, parts_.clock.wall_now()); !good)
        return; // the controller makes a new one
    const auto living = tasks_.find(order.task_id);
    if (living == tasks_.end()) {
        if (ledger_.find(order.task_id) != nullptr)
            return answer_again(given, "it had ended before it was cancelled");
        // It comes before what it cancels: that must not run when it arrives.
        auto nameless = given;
        nameless.what.nonce.clear();
        return refuse(nameless, model::task_state::cancelled, error("cancelled", "it was cancelled before it started"));
    }
    const auto which = living->second;
    which->cancelled = true;
    if (which->starting)
        return; // launch or begun sees it; until then there is no process
    if (which->run)
        return which->run->cancel();
    std::erase(waiting_, which);
    which->result.failed = error("cancelled", "it was cancelled before it started");
    settle(which, model::task_state::cancelled);
}

// Who sent it cannot be told, so the task that it names is left alone; both ends record it.
void command_agent::refuse_unknown(const json& message, const error& why) {
    base::log::warn("fleet", "an order is refused",
                    {{"task", claimed(message, "task_id")}, {"code", why.code()}, {"why", why.message()}});
    record_refusal(claimed(message, "task_id"), digest_of(message), why);
    tell_refusal(claimed(message, "task_id"), digest_of(message), why);
}

// It is authentic and stays refused, whatever is allowed later: its controller is told that it has ended.
void command_agent::refuse(const opened& given, model::task_state state, const error& why) {
    base::log::warn("fleet", state == model::task_state::cancelled ? "a command is cancelled" : "a command is refused",
                    {{"task", given.what.task_id}, {"code", why.code()}, {"why", why.message()}});
    auto made = std::make_shared<assignment>();
    made->given = given;
    made->result.failed = why;
    settle(made, state);
}

// A controller that has not heard of the end yet asks again; anybody else learns nothing but what was told before.
void command_agent::answer_again(const opened& given, const char* why) {
    const auto& id = given.what.task_id;
    base::log::info("fleet", "a command is not run again; its result is told once more", {{"task", id}, {"why", why}});
    if (given.what.what == action::run)
        record_refusal(id, given.digest, error("replayed", why));
    runtime::spawn(parts_.on, "command_agent", tell_recorded(id));
}

void command_agent::record_refusal(const std::string& task, const std::string& digest, const error& why) {
    ledger_.refused(json{{"task_id", task},
                         {"digest", digest},
                         {"at", base::to_rfc3339(parts_.clock.wall_now())},
                         {"error", base::to_json(why)}});
}

asio::awaitable<void> command_agent::tell_recorded(std::string id) {
    const auto self = shared_from_this();
    const auto found = co_await ledger_.recorded(id);
    if (dead_)
        co_return;
    if (!found) {
        base::log::error("fleet", "the ledger of commands cannot be read",
                         {{"task", id}, {"why", found.error().message()}});
        co_return;
    }
    // While its end is on its way to the ledger, it is told from there.
    if (*found && model::is_final((*found)->state))
        tell(**found, true, std::chrono::seconds(1));
}

void command_agent::tell_refusal(const std::string& task, const std::string& digest, const error& why) {
    const json told{{"id", base::make_id()}, {"task_id", task}, {"digest", digest}, {"error", base::to_json(why)}};
    parts_.link.deliver(refusal_kind, base::dump(told), [](const result<void>& kept) {
        if (!kept)
            base::log::warn("fleet", "a refusal cannot be told", {{"why", kept.error().message()}});
    });
}

void command_agent::settle(const task_ptr& which, model::task_state state) {
    const auto& order = which->given.what;
    task_end how;
    how.task = order.task_id;
    how.nonce = order.nonce;
    how.digest = which->given.digest;
    how.state = state;
    how.not_after = order.not_after;
    how.result = std::move(which->result);
    tasks_.erase(how.task);
    ++untold_;
    ledger_.end(how, [self = shared_from_this(), how](const result<void>& written) {
        asio::post(self->parts_.on, [self, how, written] {
            --self->untold_;
            if (!written)
                base::log::error("fleet", "the end of a command cannot be written to the ledger",
                                 {{"task", how.task}, {"why", written.error().message()}});
            self->tell(how, false, std::chrono::seconds(1));
        });
    });
}

void command_agent::check_idle() {
    if (stopping_ && untold_ == 0 && running_ == 0)
        idle_.set();
}

void command_agent::tell(const task_end& how, bool again, base::duration pause) {
    if (dead_)
        return;
    ++untold_;
    auto kept = [self = shared_from_this(), how, again, pause](const result<void>& written) {
        asio::post(self->parts_.on, [self, how, again, pause, written] {
            --self->untold_;
            if (self->dead_)
                return;
            if (written) {
                self->ledger_.told(how);
                self->check_idle();
                return;
            }
            base::log::error("fleet", "the end of a command cannot be kept for the controller; it is tried again",
                             {{"task", how.task}, {"why", written.error().message()}});
            // Whoever waits for it need not wait for room on this disk.
            self->parts_.link.send(result_kind, result_body(how, again, self->parts_.clock.wall_now()));
            auto timer = std::make_shared<asio::steady_timer>(self->parts_.on);
            timer->expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause));
            timer->async_wait([self, timer, how, again, pause](const boost::system::error_code& failed) {
                if (!failed)
                    self->tell(how, again, std::min<base::duration>(pause * 2, std::chrono::minutes(1)));
            });
        });
    };
    parts_.link.deliver(result_kind, result_body(how, again, parts_.clock.wall_now()), std::move(kept));
}

} // namespace ferrule::fleet::exec
