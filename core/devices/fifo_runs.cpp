#include "devices/fifo_runs.hpp"

#include "devices/job_end.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace ferrule::devices {

// One job on its way, on a strand of its own.
struct fifo_runs::run {
    run(entry_ptr what, runtime::strand on)
        : entry(std::move(what))
        , strand(std::move(on)) {}

    const entry_ptr entry;
    runtime::strand strand;
    asio::cancellation_signal stop;
    std::mutex mutex;
    std::shared_ptr<device_session> session;

    std::shared_ptr<device_session> show(std::shared_ptr<device_session> next) {
        const std::lock_guard lock(mutex);
        session = std::move(next);
        return session;
    }
};

bool fifo_runs::push(const entry_ptr& entry) {
    const std::lock_guard lock(mutex_);
    if (stopping_)
        return false;
    queue_.push_back(entry);
    return true;
}

void fifo_runs::wake(const entry_ptr& entry) {
    if (parts_.table.is_claimed(entry))
        forget_dead();
    pump();
}

// What was cancelled or has expired must not pile up while all places are taken; each pass over the queue is paid for
// by as many of them as it drops.
void fifo_runs::forget_dead() {
    const std::lock_guard lock(mutex_);
    if (++dead_ < 16 || dead_ * 2 < queue_.size())
        return;
    std::erase_if(queue_, [this](const auto& each) { return parts_.table.is_claimed(each); });
    dead_ = 0;
}

void fifo_runs::pump() {
    std::vector<std::shared_ptr<run>> begun;
    {
        const std::lock_guard lock(mutex_);
        claim_next(begun);
    }
    // Without the lock: what begins may end at once, on this thread, and asks for the next.
    for (auto& each : begun)
        runtime::spawn(each->strand, "devices", work(each));
}

void fifo_runs::claim_next(std::vector<std::shared_ptr<run>>& begun) {
    while (!stopping_ && !queue_.empty() && runs_.size() < parts_.limits.max_running_fifo) {
        const auto first = queue_.front();
        const bool mine = parts_.table.claim(first);
        if (!mine && !parts_.table.is_claimed(first))
            return;
        queue_.pop_front();
        if (!mine) {
            dead_ -= dead_ > 0 ? 1 : 0;
            continue;
        }
        auto one = std::make_shared<run>(first, parts_.loop.make_strand());
        runs_.push_back(one);
        begun.push_back(std::move(one));
    }
}

std::size_t fifo_runs::running() const {
    const std::lock_guard lock(mutex_);
    return runs_.size();
}

std::vector<model::session_info> fifo_runs::sessions() const {
    std::vector<model::session_info> all;
    const std::lock_guard lock(mutex_);
    for (const auto& each : runs_) {
        const std::lock_guard inner(each->mutex);
        if (each->session)
            all.push_back(each->session->info());
    }
    return all;
}

void fifo_runs::stop(std::function<void()> emptied) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        queue_.clear();
        if (!runs_.empty()) {
            emptied_ = std::move(emptied);
            return;
        }
    }
    emptied();
}

void fifo_runs::ended(const std::shared_ptr<run>& one) {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        std::erase(runs_, one);
        if (stopping_ && runs_.empty())
            call = std::exchange(emptied_, nullptr);
    }
    if (call)
        call();
    else
        pump();
}

asio::awaitable<void> fifo_runs::work(std::shared_ptr<run> one) {
    const auto& entry = one->entry;
    const auto now = parts_.clock.steady_now();
    auto shown = parts_.table.started(entry, parts_.name, parts_.clock.wall_now(), [weak = std::weak_ptr(one)] {
        if (const auto self = weak.lock())
            asio::post(self->strand, [self] { self->stop.emit(asio::cancellation_type::terminal); });
    });
    run_outcome outcome;
    auto noted = co_await note_running(parts_, shown);
    if (!noted) {
        outcome.failed = noted.error();
    } else if (auto ended_before = must_not_begin(parts_, entry)) {
        outcome.failed = std::move(ended_before);
    } else {
        auto body = execute(one, shown, now + entry->timeout);
        auto token = asio::bind_cancellation_slot(one->stop.slot(), asio::use_awaitable);
        try {
            outcome = co_await asio::co_spawn(one->strand, std::move(body), token);
        } catch (const std::exception& what) {
            outcome.failed.emplace("internal", what.what());
        }
    }
    end_job(parts_, entry, std::move(outcome));
    if (const auto session = one->session) {
        co_await session->close();
        one->show(nullptr);
    }
    ended(one);
}

asio::awaitable<run_outcome> fifo_runs::execute(std::shared_ptr<run> one, job_ptr shown, base::steady_time deadline) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto opened = co_await device_session::open(parts_, one->entry->at, deadline, {});
    if (!opened)
        co_return run_outcome(opened.error(), false);
    const auto session = one->show(std::move(*opened));
    session->tell_opened();
    model::session_ref ref;
    ref.id = session->id();
    parts_.table.session_chosen(one->entry, std::move(ref));
    session->set_state("busy");
    co_return co_await run_commands(parts_, one->entry, shown, *session, deadline);
}

} // namespace ferrule::devices
