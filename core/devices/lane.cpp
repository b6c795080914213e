#include "devices/lane.hpp"

#include "base/log.hpp"
#include "devices/cancelled.hpp"
#include "devices/job_end.hpp"
#include "devices/lane_queues.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

namespace ferrule::devices {

namespace {

constexpr std::string_view unresponsive = "plugin_unresponsive";

} // namespace

lane::lane(node_parts& parts, lane_queues& queues, std::string key)
    : parts_(parts)
    , queues_(queues)
    , key_(std::move(key))
    , strand_(parts.loop.make_strand())
    , wake_(strand_) {}

// By post: the caller holds the lock of the queues, and on a thread of the loop a coroutine would begin at once.
void lane::start() {
    asio::post(strand_, [self = shared_from_this()] { runtime::spawn(self->strand_, "devices", self->work()); });
}

void lane::wake() {
    if (waking_.exchange(true))
        return;
    // Setting an event resumes nobody at once, so the caller may hold its lock.
    asio::dispatch(strand_, [self = shared_from_this()] {
        self->waking_ = false;
        self->wake_.set();
    });
}

void lane::interrupt(std::string job) {
    asio::post(strand_, [self = shared_from_this(), job = std::move(job)] {
        if (self->running_ == job)
            self->stop_job_.emit(asio::cancellation_type::terminal);
    });
}

void lane::close_session(std::string id, bool force) {
    asio::post(strand_, [self = shared_from_this(), id = std::move(id), force] {
        if (!self->session_ || self->session_->id() != id)
            return; // another one has taken its place
        self->close_wanted_ = true;
        if (force || self->checking_)
            self->stop_job_.emit(asio::cancellation_type::terminal);
        self->wake_.set();
    });
}

void lane::stop() {
    asio::post(strand_, [self = shared_from_this()] {
        self->stopping_ = true;
        if (self->checking_)
            self->stop_job_.emit(asio::cancellation_type::terminal);
        self->wake_.set();
    });
}

std::optional<model::session_info> lane::info() const {
    const std::lock_guard lock(shown_mutex_);
    return shown_ ? std::optional(shown_->info()) : std::nullopt;
}

void lane::set_session(std::shared_ptr<device_session> next) {
    session_ = std::move(next);
    const std::lock_guard lock(shown_mutex_);
    shown_ = session_;
}

asio::awaitable<void> lane::work() {
    const auto self = shared_from_this();
    for (;;) {
        if (lost_ || close_wanted_)
            co_await drop_session();
        auto entry = stopping_ ? nullptr : queues_.next(*this);
        if (entry) {
            co_await run(std::move(entry));
            continue;
        }
        if (stopping_)
            break;
        if (!session_ && queues_.retire(*this))
            co_return;
        co_await wait_for_work();
    }
    co_await drop_session();
    queues_.abandon(*this);
}

asio::awaitable<void> lane::wait_for_work() {
    if (!session_) {
        co_await wake_.wait();
        wake_.reset();
        co_return;
    }
    const auto idle_end = idle_since_ + session_ttl();
    const bool probing = parts_.limits.keepalive.probe.count() > 0;
    const auto until = probing ? std::min(idle_end, probe_at_) : idle_end;
    const auto woken = co_await wake_.wait_until(until);
    wake_.reset();
    if (woken)
        co_return;
    const auto now = parts_.clock.steady_now();
    if (now >= idle_end) {
        co_await drop_session();
        co_return;
    }
    if (!probing || now < probe_at_)
        co_return;
    auto body = check(now + parts_.limits.idle_timeout);
    auto token = asio::bind_cancellation_slot(stop_job_.slot(), asio::use_awaitable);
    checking_ = true;
    result<void> alive = ok();
    try {
        alive = co_await asio::co_spawn(strand_, std::move(body), token);
    } catch (const std::exception& what) {
        alive = error("internal", what.what());
    }
    checking_ = false;
    // A check that was cut short says nothing about the session, which is closed anyway.
    if (!alive && !stopping_ && !close_wanted_) {
        base::log::info("devices", "a session does not answer any more and is closed",
                        {{"device", session_->at().device->name}, {"why", alive.error().message()}});
        lost_ = alive.error();
    }
    probe_at_ = parts_.clock.steady_now() + parts_.limits.keepalive.probe;
}

asio::awaitable<result<void>> lane::check(base::steady_time deadline) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto session = session_;
    co_return co_await session->wire().keepalive(deadline);
}

base::duration lane::session_ttl() const {
    return session_->at().device->session_ttl.value_or(parts_.limits.session_ttl);
}

asio::awaitable<void> lane::drop_session() {
    close_wanted_ = false;
    const auto lost = std::exchange(lost_, std::nullopt);
    if (!session_)
        co_return;
    if (lost)
        parts_.figures.sessions_lost.Increment();
    const auto ending = session_;
    // Nobody would answer; the driver's side is cleared away when the object goes.
    if (!lost || lost->code() != unresponsive)
        co_await ending->close();
    set_session(nullptr);
}

asio::awaitable<void> lane::run(entry_ptr entry) {
    running_ = entry->id;
    const auto now = parts_.clock.steady_now();
    auto shown =
        parts_.table.started(entry, parts_.name, parts_.clock.wall_now(), [weak = weak_from_this(), id = entry->id] {
            if (const auto self = weak.lock())
                self->interrupt(id);
        });
    run_outcome outcome;
    auto noted = co_await note_running(parts_, shown);
    if (!noted) {
        outcome.failed = noted.error();
    } else if (auto ended_before = must_not_begin(parts_, entry)) {
        outcome.failed = std::move(ended_before);
    } else {
        auto body = execute(entry, shown, now + entry->timeout);
        auto token = asio::bind_cancellation_slot(stop_job_.slot(), asio::use_awaitable);
        try {
            outcome = co_await asio::co_spawn(strand_, std::move(body), token);
        } catch (const std::exception& what) {
            outcome.failed.emplace("internal", what.what());
            outcome.session_usable = false;
        }
    }
    running_.clear();
    const auto code = outcome.failed ? outcome.failed->code() : std::string();
    if (!outcome.session_usable && (code == "session_lost" || code == unresponsive))
        lost_ = outcome.failed;
    else if (!outcome.session_usable)
        close_wanted_ = true;
    idle_since_ = parts_.clock.steady_now();
    probe_at_ = idle_since_ + parts_.limits.keepalive.probe;
    if (session_)
        session_->set_state("idle");
    end_job(parts_, entry, std::move(outcome));
}

asio::awaitable<run_outcome> lane::execute(entry_ptr entry, job_ptr shown, base::steady_time deadline) {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (bool first = true;; first = false) {
        const bool reused = session_ && !lost_ && session_->serves(*entry->at);
        auto ready = co_await ensure_session(entry, deadline);
        if (!ready)
            co_return run_outcome(ready.error(), true);
        if (reused)
            parts_.figures.sessions_reused.Increment();
        model::session_ref ref;
        ref.id = session_->id();
        ref.reused = reused;
        parts_.table.session_chosen(entry, std::move(ref));
        session_->set_state("busy");
        auto outcome = co_await run_commands(parts_, entry, shown, *session_, deadline);
        // A kept session may have died unnoticed; what has not reached the device and changes nothing is tried on a
        // fresh one.
        const bool again = first && reused && outcome.untouched && outcome.failed &&
                           outcome.failed->code() == "session_lost" && !shown->request.change;
        if (!again)
            co_return outcome;
        lost_ = std::move(outcome.failed);
        parts_.table.restart_results(entry);
    }
}

asio::awaitable<result<void>> lane::ensure_session(entry_ptr entry, base::steady_time deadline) {
    if (session_ && !lost_ && session_->serves(*entry->at))
        co_return ok();
    co_await drop_session();
    if (co_await is_cancelled())
        co_return cancelled();
    const std::function<void(error)> on_lost = [weak = weak_from_this()](error why) {
        if (const auto self = weak.lock()) {
            self->lost_ = std::move(why);
            self->wake_.set();
        }
    };
    auto opened = co_await device_session::open(parts_, entry->at, deadline, on_lost);
    if (!opened)
        co_return opened.error();
    set_session(std::move(*opened));
    session_->tell_opened();
    co_return ok();
}

} // namespace ferrule::devices
