// How operations begin: prepared by their caller, launched on the strand or the pool, and started when their turn
// comes.
#include "plugins/guarded.hpp"
#include "plugins/instance.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace ferrule::plugins {

namespace {

std::uint64_t count_of(base::steady_time at) noexcept {
    return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

base::steady_time now() noexcept {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace

frl_op instance::begin(op_waiter& waiter, op_call call) {
    const auto op = prepare(waiter, call);
    if (op != 0)
        launch(op, call.which, call.session, call.deadline);
    return op;
}

frl_op instance::prepare(op_waiter& waiter, op_call& call) {
    const auto limit = call.output_limit == 0 ? around_->settings.output_limit : call.output_limit;
    use();
    const auto op =
        operations_.begin(waiter, std::move(call.request), limit, call.session, call.which == op_kind::open);
    if (op == 0)
        unuse();
    return op;
}

void instance::launch(frl_op op, op_kind which, frl_session session, base::steady_time deadline) {
    if (asynchronous()) {
        auto begin = [this, op, which, session, deadline] { start(op, which, session, deadline); };
        // On the strand this may be inside a call that the plugin made, where nothing of it is called.
        if (on_strand())
            asio::post(strand_, std::move(begin));
        else
            asio::dispatch(strand_, std::move(begin));
        return;
    }
    asio::post(strand_, [this, op, deadline] { watch_deadline(op, deadline); });
    // In use until the function has returned, which is after the operation has ended.
    use();
    auto work = [this, op, which, session, deadline] {
        start(op, which, session, deadline);
        unuse();
    };
    const bool queued =
        which == op_kind::probe ? share_->submit(std::move(work)) : queues_.submit(*share_, session, std::move(work));
    if (queued)
        return;
    finish(op, error("overloaded", "too much work of the plugin '" + component_.name + "' is waiting", true));
    unuse();
}

void instance::start(frl_op op, op_kind which, frl_session session, base::steady_time deadline) {
    if (closed_.load()) {
        finish(op, error("cancelled", "the plugin '" + component_.name + "' has been stopped"));
        return;
    }
    // A close that comes too late is still worth it: the session must not stay with the plugin.
    if (which == op_kind::close)
        deadline = std::max(deadline, now() + around_->settings.cancel_grace);
    if (!begins(op, deadline)) {
        // The plugin still has the session, and the call that was to end it never comes.
        if (which == op_kind::close && !ending_.load())
            close_session(session);
        return;
    }
    if (asynchronous()) {
        const bool returned = guarded(plugins::name_of(which), [&] { call_start(op, which, session, deadline); });
        if (!returned && operations_.running(op))
            finish(op, error("plugin_failed",
                             "the plugin '" + component_.name + "' threw an exception in " + plugins::name_of(which)));
        watch_deadline(op, deadline);
        return;
    }
    // On the pool a call may take its time, so it is not measured.
    try {
        call_start(op, which, session, deadline);
    } catch (const std::exception& what) {
        note_exception(plugins::name_of(which), what.what());
    } catch (...) {
        note_exception(plugins::name_of(which), "of unknown type");
    }
    op_outcome outcome;
    outcome.status = FRL_FAILED;
    outcome.failure = error("plugin_failed", "the plugin '" + component_.name + "' returned from " +
                                                 plugins::name_of(which) + " without ending the operation");
    auto ended = operations_.complete(op, std::move(outcome));
    if (ended.what == completion::unknown)
        return;
    faults_.note(fault::no_completion,
                 std::string("returned from ") + plugins::name_of(which) + " without ending the operation");
    settle(ended);
}

// Whether the plugin is to be called. An operation that was ended while it waited for its turn is none of its business.
bool instance::begins(frl_op op, base::steady_time deadline) {
    if (deadline <= now()) {
        end_unbegun(op, end_reason::deadline, operations_.ask_end(op, end_reason::deadline));
        return false;
    }
    const auto next = operations_.take_turn(op);
    if (next == turn::let_go)
        finish(op, error("cancelled", "the operation was abandoned before it began"));
    return next == turn::begin;
}

void instance::end_unbegun(frl_op op, end_reason why, wish outcome) {
    if (outcome == wish::not_begun)
        complete_from_plugin(op, FRL_CANCELLED, {}, why);
}

void instance::call_start(frl_op op, op_kind which, frl_session session, base::steady_time deadline) {
    const auto request = operations_.request(op);
    if (const auto* driver = std::get_if<frl_driver_api>(&component_.api)) {
        switch (which) {
        case op_kind::open:
            driver->open(raw_, session, request, op);
            return;
        case op_kind::exec:
            driver->exec(raw_, session, request, op);
            return;
        case op_kind::keepalive:
            driver->keepalive(raw_, session, op);
            return;
        case op_kind::close:
            driver->close(raw_, session, op);
            return;
        case op_kind::probe:
            return;
        }
    } else if (const auto* probe = std::get_if<frl_probe_api>(&component_.api)) {
        if (asynchronous())
            probe->start(raw_, request, count_of(deadline), op);
        else
            probe->run(raw_, request, count_of(deadline), op);
    }
}

void instance::launch_batch(std::vector<prepared> all) {
    const auto& api = std::get<frl_probe_api>(component_.api);
    if (!asynchronous() || api.start_batch == nullptr) {
        for (const auto& each : all)
            launch(each.op, op_kind::probe, 0, each.deadline);
        return;
    }
    asio::dispatch(strand_, [this, all = std::move(all), start_batch = api.start_batch]() mutable {
        std::erase_if(all, [this](const prepared& each) { return !begins(each.op, each.deadline); });
        if (all.empty())
            return;
        std::vector<frl_probe_item> items;
        items.reserve(all.size());
        for (const auto& each : all)
            items.push_back(frl_probe_item{sizeof(frl_probe_item), 0, operations_.request(each.op),
                                           count_of(each.deadline), each.op});
        std::vector<const frl_probe_item*> pointers;
        pointers.reserve(items.size());
        for (const auto& each : items)
            pointers.push_back(&each);
        const bool returned = guarded(
            "start_batch", [&] { start_batch(raw_, pointers.data(), static_cast<std::uint32_t>(pointers.size())); });
        for (const auto& each : all) {
            if (!returned && operations_.running(each.op))
                finish(each.op, error("plugin_failed",
                                      "the plugin '" + component_.name + "' threw an exception in start_batch"));
            watch_deadline(each.op, each.deadline);
        }
    });
}

} // namespace ferrule::plugins
