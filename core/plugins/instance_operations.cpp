#include "base/json.hpp"
#include "base/log.hpp"
#include "plugins/guarded.hpp"
#include "plugins/instance.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>
#include <vector>

namespace ferrule::plugins {

namespace {

/// How much later than a probe's time limit the host ends it.
constexpr auto own_word = std::chrono::milliseconds(100);

base::steady_time now() noexcept {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace

asio::awaitable<result<op_reply>> instance::run(std::shared_ptr<instance> self, op_call call,
                                                op_waiter::output output) {
    const auto on = co_await asio::this_coro::executor;
    const auto which = call.which;
    op_waiter waiter(on, std::move(output));
    // The operation begins only in here: the wait itself throws when the coroutine has been cancelled before.
    auto initiate = [&waiter, &self, &call](auto handler) {
        // Once it is launched the coroutine may resume elsewhere and all of this be gone.
        auto* const owner = self.get();
        const auto kind = call.which;
        const auto session = call.session;
        const auto deadline = call.deadline;
        auto slot = asio::get_associated_cancellation_slot(handler);
        waiter.arm(resumption([slot, then = std::move(handler)]() mutable {
            slot.clear();
            std::move(then)();
        }));
        const auto op = owner->prepare(waiter, call);
        if (op == 0) {
            op_outcome full;
            full.status = FRL_FAILED;
            full.failure = error(
                "overloaded", "too many operations of the plugin '" + owner->component_.name + "' are running", true);
            waiter.complete(std::move(full));
            return;
        }
        if (slot.is_connected())
            slot.assign([owner, op](asio::cancellation_type) { owner->ask_end(op, end_reason::cancelled); });
        owner->launch(op, kind, session, deadline);
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
    co_return self->reply_of(waiter.outcome(), which);
}

void instance::watch_deadline(frl_op op, base::steady_time deadline) {
    if (!timers_ || deadline == base::steady_time::max() || !operations_.running(op))
        return;
    // A probe ends by its own time limit, and what it has found out by then is worth more than that time is over.
    const auto enforced = component_.which == kind::probe ? deadline + own_word : deadline;
    const auto timer = timers_->start(enforced, nullptr, nullptr, op);
    if (!operations_.attach_deadline(op, timer))
        timers_->cancel(timer);
}

// The host's own timers carry an operation: its deadline the first time, the end of the grace period the second.
void instance::on_timer(timer_queue::callback fn, void* arg, std::uint64_t op) {
    if (op == 0)
        guarded("a timer's callback", [fn, arg] { fn(arg); });
    else if (operations_.asked(op) == end_reason::none)
        end_on_strand(op, end_reason::deadline);
    else
        abandon(op);
}

void instance::ask_end(frl_op op, end_reason why) {
    asio::post(strand_, [self = shared_from_this(), op, why] { self->end_on_strand(op, why); });
}

void instance::end_on_strand(frl_op op, end_reason why) {
    if (closed_.load())
        return;
    const auto outcome = operations_.ask_end(op, why);
    end_unbegun(op, why, outcome);
    if (outcome != wish::told)
        return;
    if (timers_) {
        const auto timer = timers_->start(now() + around_->settings.cancel_grace, nullptr, nullptr, op);
        if (!operations_.attach_grace(op, timer))
            timers_->cancel(timer);
    }
    guarded("cancel", [&] {
        if (const auto* driver = std::get_if<frl_driver_api>(&component_.api))
            driver->cancel(raw_, op);
        else if (const auto* probe = std::get_if<frl_probe_api>(&component_.api); probe->cancel != nullptr)
            probe->cancel(raw_, op);
    });
}

void instance::abandon(frl_op op) {
    error why("plugin_unresponsive", "the plugin '" + component_.name + "' did not end an operation within " +
                                         base::to_text(around_->settings.cancel_grace) +
                                         " of being told to; the operation was abandoned");
    if (!operations_.abandon(op, std::move(why)))
        return;
    healthy_ = false;
    faults_.note(fault::abandoned, "did not end an operation within " + base::to_text(around_->settings.cancel_grace) +
                                       " of being told to; its instance gets no new work");
}

void instance::complete_from_plugin(frl_op op, frl_status status, std::string_view json, end_reason asked) {
    op_outcome outcome;
    outcome.status = status;
    outcome.json = json;
    outcome.asked = asked;
    auto ended = operations_.complete(op, std::move(outcome));
    if (ended.what == completion::unknown) {
        faults_.note(fault::unknown_completion,
                     "completed an operation that has ended before, or never was; that was ignored");
        return;
    }
    if (ended.what == completion::late)
        faults_.note(fault::late_completion, "completed an operation after it was abandoned; that was ignored");
    settle(ended);
}

void instance::finish(frl_op op, error why) {
    op_outcome outcome;
    outcome.status = FRL_FAILED;
    outcome.failure = std::move(why);
    auto ended = operations_.complete(op, std::move(outcome));
    if (ended.what != completion::unknown)
        settle(ended);
}

void instance::settle(operation_table::ending& ended) {
    if (ended.deadline_timer != 0 || ended.grace_timer != 0) {
        const auto clear = [this, first = ended.deadline_timer, second = ended.grace_timer] {
            if (!timers_)
                return;
            if (first != 0)
                timers_->cancel(first);
            if (second != 0)
                timers_->cancel(second);
        };
        if (on_strand())
            clear();
        else if (!closed_.load())
            asio::post(strand_, clear);
    }
    if (ended.orphan != 0)
        close_session(ended.orphan);
    unuse();
    if (ended.waiter != nullptr)
        ended.waiter->complete(std::move(ended.outcome));
}

void instance::end_session_work(frl_session session) {
    if (asynchronous())
        return;
    for (const auto op : operations_.all(session))
        ask_end(op, end_reason::cancelled);
}

void instance::end_all() {
    for (const auto op : operations_.all())
        ask_end(op, end_reason::cancelled);
    std::vector<frl_session> open;
    {
        const std::lock_guard lock(sessions_mutex_);
        for (const auto& each : sessions_)
            open.push_back(each.first);
    }
    for (const auto session : open)
        close_session(session);
}

void instance::close_session(frl_session session) {
    struct detached {
        detached(std::shared_ptr<instance> of, frl_session which)
            : owner(std::move(of))
            , session(which)
            , waiter(owner->around_->loop.get_executor(), {}) {}

        std::shared_ptr<instance> owner;
        frl_session session;
        op_waiter waiter;
    };

    auto* const mine = new detached(shared_from_this(), session);
    mine->waiter.arm(resumption([mine] {
        const std::unique_ptr<detached> held(mine);
        held->owner->remove_session(held->session);
    }));
    op_call call;
    call.which = op_kind::close;
    call.session = session;
    call.deadline = now() + around_->settings.cancel_grace;
    if (begin(mine->waiter, std::move(call)) == 0) {
        remove_session(session);
        delete mine;
    }
}

result<op_reply> instance::reply_of(op_outcome& outcome, op_kind which) const {
    if (outcome.failure)
        return std::move(*outcome.failure);
    if (outcome.status == FRL_OK)
        return op_reply(std::move(outcome.json), outcome.truncated);
    const std::string who = std::string(plugins::name_of(component_.which)) + " '" + component_.name + "'";
    const auto what = std::string(plugins::name_of(which));
    const bool cancelled = outcome.status == FRL_CANCELLED;
    error said;
    if (!outcome.json.empty())
        said = base::error_from_json(outcome.json, "plugin_failed");
    else if (cancelled)
        said = error("cancelled", who + " ended " + what + " although nobody asked");
    else
        said = error("plugin_failed", who + " failed in " + what + " without saying why");
    // What the plugin found out while it was told to end is worth more than the fact that it was told.
    if (outcome.asked == end_reason::none || (!cancelled && said.code() != "cancelled"))
        return said;
    if (outcome.asked == end_reason::deadline)
        return error("deadline", who + " did not finish " + what + " within the time that it was given", true);
    return error("cancelled", what + " was cancelled");
}

} // namespace ferrule::plugins
