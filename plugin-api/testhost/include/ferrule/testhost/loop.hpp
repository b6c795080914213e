// SPDX-License-Identifier: Apache-2.0
// The event loop of the test host: virtual time, real descriptors, and a blocking pool, all driven by the test.
#pragma once

#include <ferrule/testhost/record.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ferrule::testhost {

/// Where time comes from. Virtual time stands still until the test advances it, or until nothing but a timer is left to
/// wait for.
enum class clock_mode { virtual_time, real_time };

/// Runs on the thread that made it: that thread is the strand.
class loop {
  public:
    explicit loop(clock_mode mode = clock_mode::virtual_time)
        : mode_(mode)
        , wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        if (wake_ < 0) {
            throw std::runtime_error("the test host could not make an eventfd");
        }
    }

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    ~loop() {
        join_workers();
        ::close(wake_);
    }

    [[nodiscard]] bool on_strand() const noexcept { return std::this_thread::get_id() == strand_; }

    [[nodiscard]] std::uint64_t now() const noexcept {
        if (mode_ == clock_mode::virtual_time) {
            return now_;
        }
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    }

    /// Queues a call on the strand. [any thread]
    void post(std::function<void()> fn) {
        {
            const std::lock_guard lock(mutex_);
            posted_.push_back(std::move(fn));
        }
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof(one));
    }

    frl_watch watch(int fd, std::uint32_t events, frl_fd_callback fn, void* arg) {
        struct stat about {};

        const bool pollable = ::fstat(fd, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
        const bool taken =
            std::any_of(watches_.begin(), watches_.end(), [&](const auto& w) { return w.second.fd == fd; });
        if (!pollable || taken) {
            return 0;
        }
        watches_[++last_handle_] = {fd, events, fn, arg};
        return last_handle_;
    }

    frl_status modify(frl_watch handle, std::uint32_t events) {
        const auto found = watches_.find(handle);
        if (found == watches_.end()) {
            return FRL_STALE;
        }
        found->second.events = events;
        return FRL_OK;
    }

    frl_status unwatch(frl_watch handle) { return watches_.erase(handle) != 0 ? FRL_OK : FRL_STALE; }

    frl_timer start_timer(std::uint64_t at, frl_callback fn, void* arg) {
        timers_[++last_handle_] = {at, fn, arg};
        return last_handle_;
    }

    frl_status cancel_timer(frl_timer handle) { return timers_.erase(handle) != 0 ? FRL_OK : FRL_STALE; }

    /// Runs `work` on a thread of its own, then `done` on the strand.
    void run_blocking(std::function<void()> work, std::function<void()> done) {
        ++busy_;
        workers_.emplace_back([this, work = std::move(work), done = std::move(done)] {
            work();
            post([this, done] {
                --busy_;
                done();
            });
        });
    }

    /// Runs everything that can run at the present time, without waiting.
    void run_ready() {
        while (round(0)) {
        }
    }

    /// Moves virtual time forward and fires the timers on the way, in order.
    void advance(std::chrono::nanoseconds span) {
        const auto until = now_ + static_cast<std::uint64_t>(span.count());
        run_ready();
        for (auto next = next_timer(); next <= until; next = next_timer()) {
            now_ = std::max(now_, next);
            run_ready();
        }
        now_ = until;
    }

    /// Runs until `done` says so. Waits for descriptors and the pool in real time, up to `limit`; when only timers are
    /// left, virtual time jumps to the next. False when nothing is left that could make it true, or at the limit.
    template <class Done>
    bool run_until(Done done, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        const auto give_up = std::chrono::steady_clock::now() + limit;
        while (true) {
            run_ready();
            if (done()) {
                return true;
            }
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
            if (left.count() <= 0 || !wait_for_more(left)) {
                return false;
            }
        }
    }

    [[nodiscard]] std::size_t watch_count() const noexcept { return watches_.size(); }

    [[nodiscard]] std::size_t timer_count() const noexcept { return timers_.size(); }

    /// Lets work on the pool finish and its callbacks run.
    void finish_blocking() {
        join_workers();
        run_ready();
    }

  private:
    struct watched {
        int fd;
        std::uint32_t events;
        frl_fd_callback fn;
        void* arg;
    };

    struct pending_timer {
        std::uint64_t at;
        frl_callback fn;
        void* arg;
    };

    [[nodiscard]] std::uint64_t next_timer() const noexcept {
        std::uint64_t next = UINT64_MAX;
        for (const auto& [handle, timer] : timers_) {
            next = std::min(next, timer.at);
        }
        return next;
    }

    /// Waits for something real, or jumps to the next timer. False when there is nothing to wait for.
    bool wait_for_more(std::chrono::milliseconds left) {
        const bool real = busy_ > 0 || std::any_of(watches_.begin(), watches_.end(),
                                                   [](const auto& w) { return w.second.events != 0; });
        const auto next = next_timer();
        if (mode_ == clock_mode::real_time && next != UINT64_MAX) {
            const auto ahead = next > now() ? (next - now()) / 1'000'000 + 1 : 0;
            round(static_cast<int>(std::min<std::uint64_t>(ahead, static_cast<std::uint64_t>(left.count()))));
            return true;
        }
        if (real) {
            round(static_cast<int>(left.count()));
            return true;
        }
        if (next == UINT64_MAX) {
            return false;
        }
        now_ = std::max(now_, next);
        return true;
    }

    /// One turn: posted calls, due timers, ready descriptors. Tells whether anything ran.
    bool round(int wait_ms) {
        bool ran = run_posted();
        ran = run_timers() || ran;
        return run_descriptors(ran ? 0 : wait_ms) || ran;
    }

    bool run_posted() {
        std::deque<std::function<void()>> batch;
        {
            const std::lock_guard lock(mutex_);
            batch.swap(posted_);
        }
        for (const auto& fn : batch) {
            fn();
        }
        return !batch.empty();
    }

    bool run_timers() {
        std::vector<std::pair<std::uint64_t, frl_timer>> due;
        for (const auto& [handle, timer] : timers_) {
            if (timer.at <= now()) {
                due.emplace_back(timer.at, handle);
            }
        }
        std::sort(due.begin(), due.end());
        for (const auto& [at, handle] : due) {
            if (const auto found = timers_.find(handle);
                found != timers_.end()) { // an earlier one may have cancelled it
                const auto timer = found->second;
                timers_.erase(found);
                timer.fn(timer.arg);
            }
        }
        return !due.empty();
    }

    bool run_descriptors(int wait_ms) {
        std::vector<pollfd> fds{{wake_, POLLIN, 0}};
        std::vector<frl_watch> handles{0};
        for (const auto& [handle, w] : watches_) {
            if (w.events != 0) {
                const auto wanted =
                    ((w.events & FRL_FD_READ) != 0 ? POLLIN : 0) | ((w.events & FRL_FD_WRITE) != 0 ? POLLOUT : 0);
                fds.push_back({w.fd, static_cast<short>(wanted), 0});
                handles.push_back(handle);
            }
        }
        if (::poll(fds.data(), fds.size(), wait_ms) <= 0) {
            return false;
        }
        if (fds[0].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto got = ::read(wake_, &count, sizeof(count));
        }
        for (std::size_t i = 1; i < fds.size(); ++i) {
            const auto found = watches_.find(handles[i]); // an earlier callback may have ended it
            if (fds[i].revents != 0 && found != watches_.end()) {
                const auto w = found->second;
                w.fn(w.arg, events_of(fds[i].revents) & (w.events | FRL_FD_ERROR));
            }
        }
        return true;
    }

    static std::uint32_t events_of(short revents) noexcept {
        std::uint32_t events = 0;
        events |= (revents & (POLLIN | POLLHUP)) != 0 ? FRL_FD_READ : 0;
        events |= (revents & POLLOUT) != 0 ? FRL_FD_WRITE : 0;
        events |= (revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? FRL_FD_ERROR : 0;
        return events;
    }

    void join_workers() {
        for (auto& worker : workers_) {
            worker.join();
        }
        workers_.clear();
    }

    clock_mode mode_;
    std::thread::id strand_ = std::this_thread::get_id();
    int wake_;
    std::uint64_t now_ = 1'000'000'000;
    std::uint64_t last_handle_ = 0;
    std::map<frl_watch, watched> watches_;
    std::map<frl_timer, pending_timer> timers_;
    std::mutex mutex_;
    std::deque<std::function<void()>> posted_;
    std::vector<std::thread> workers_;
    int busy_ = 0;
};

} // namespace ferrule::testhost
