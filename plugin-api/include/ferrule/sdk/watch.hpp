// SPDX-License-Identifier: Apache-2.0
// Descriptors: waiting in a coroutine until one can be read or written.
#pragma once

#include <ferrule/sdk/wait.hpp>

#include <cstdint>
#include <utility>

namespace ferrule::sdk {

class watch;

namespace detail {
struct watch_tag;

[[noreturn]] inline void refuse_watch(int fd) {
    throw failure(error("internal", "The host refused to watch descriptor " + std::to_string(fd) +
                                        "; it must be pollable, watched once, and used on its instance's strand."));
}
} // namespace detail

/// How a wait for a descriptor ended, and with which FRL_FD_* bits.
struct readiness {
    wait_status status;
    std::uint32_t events;

    [[nodiscard]] bool ready() const noexcept { return status == wait_status::ready; }
};

/// Awaiter of watch::ready.
class watch_wait final : public wait, public detail::hook<detail::watch_tag> {
  public:
    watch_wait(watch& source, std::uint32_t events, time_ns deadline) noexcept
        : wait(deadline)
        , source_(&source)
        , wanted_(events) {}

    readiness await_resume() const noexcept { return {status(), seen_}; }

  private:
    friend class watch;

    inline bool begin() override;

    void end() noexcept override { static_cast<detail::hook<detail::watch_tag>&>(*this).unlink(); }

    watch* source_;
    std::uint32_t wanted_;
    std::uint32_t seen_ = 0;
};

/// A descriptor under watch for as long as the object lives; destroy it before closing the descriptor, which it does
/// not own. Several coroutines may wait at the same time, such as a reader and a writer. Waiting again for the same
/// events costs no system call. Destroying it wakes waiters with `cancelled`.
class watch {
  public:
    watch(strand& home, int fd) noexcept
        : home_(&home)
        , fd_(fd) {}

    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    ~watch() {
        while (auto* waiting = waits_.front()) {
            waiting->settle(wait_status::cancelled);
        }
        if (handle_ != 0) {
            const auto& table = home_->host().table();
            table.fd_unwatch(table.ctx, handle_);
        }
    }

    [[nodiscard]] int fd() const noexcept { return fd_; }

    /// Waits for any of the FRL_FD_READ and FRL_FD_WRITE bits; FRL_FD_ERROR always ends the wait too.
    [[nodiscard]] watch_wait ready(std::uint32_t events, time_ns deadline = never) noexcept {
        return {*this, events, deadline};
    }

    [[nodiscard]] watch_wait readable(time_ns deadline = never) noexcept { return ready(FRL_FD_READ, deadline); }

    [[nodiscard]] watch_wait writable(time_ns deadline = never) noexcept { return ready(FRL_FD_WRITE, deadline); }

  private:
    friend class watch_wait;

    void add(watch_wait& waiting) {
        waits_.push_back(waiting);
        try {
            arm();
        } catch (...) {
            static_cast<detail::hook<detail::watch_tag>&>(waiting).unlink();
            throw;
        }
    }

    /// Makes the host watch for exactly what is waited for.
    void arm() {
        std::uint32_t wanted = 0;
        waits_.for_each([&](const watch_wait& waiting) { wanted |= waiting.wanted_; });
        const auto& table = home_->host().table();
        if (handle_ == 0) {
            home_->host().require(table.fd_unwatch, "fd_unwatch");
            handle_ =
                home_->host().require(table.fd_watch, "fd_watch")(table.ctx, fd_, wanted, &watch::on_events, this);
            if (handle_ == 0) {
                detail::refuse_watch(fd_);
            }
        } else if (wanted != armed_) {
            if (home_->host().require(table.fd_modify, "fd_modify")(table.ctx, handle_, wanted) != FRL_OK) {
                detail::refuse_watch(fd_);
            }
        }
        armed_ = wanted;
    }

    static void on_events(void* arg, std::uint32_t events) noexcept {
        auto* self = static_cast<watch*>(arg);
        strand::entry inside(*self->home_);
        self->dispatch(events);
    }

    void dispatch(std::uint32_t events) noexcept {
        detail::list<watch_wait, detail::watch_tag> all;
        waits_.splice_to(all);
        bool served = false;
        while (auto* waiting = all.pop_front()) {
            if ((events & (waiting->wanted_ | FRL_FD_ERROR)) != 0) {
                waiting->seen_ = events;
                waiting->settle(wait_status::ready);
                served = true;
            } else {
                waits_.push_back(*waiting);
            }
        }
        if (!served) { // armed from an earlier wait that nobody repeated
            try {
                arm();
            } catch (...) {
                home_->host().fail("a descriptor could not be paused", {{"fd", fd_}});
            }
        }
    }

    strand* home_;
    detail::list<watch_wait, detail::watch_tag> waits_;
    frl_watch handle_ = 0;
    int fd_;
    std::uint32_t armed_ = 0;
};

inline bool watch_wait::begin() {
    source_->add(*this);
    return true;
}

/// Awaiter of readable and writable: a watch for one wait.
class fd_wait final : public wait {
  public:
    fd_wait(int fd, std::uint32_t events, time_ns deadline) noexcept
        : wait(deadline)
        , fd_(fd)
        , events_(events) {}

    ~fd_wait() override { fd_wait::end(); }

    wait_status await_resume() const noexcept { return status(); }

  private:
    bool begin() override {
        const auto& table = host().table();
        host().require(table.fd_unwatch, "fd_unwatch");
        handle_ = host().require(table.fd_watch, "fd_watch")(table.ctx, fd_, events_, &fd_wait::on_events, this);
        if (handle_ == 0) {
            detail::refuse_watch(fd_);
        }
        return true;
    }

    void end() noexcept override {
        if (handle_ != 0) {
            const auto& table = host().table();
            table.fd_unwatch(table.ctx, std::exchange(handle_, 0));
        }
    }

    static void on_events(void* arg, std::uint32_t) noexcept {
        auto* self = static_cast<fd_wait*>(arg);
        strand::entry inside(self->home());
        self->settle(wait_status::ready);
    }

    frl_watch handle_ = 0;
    int fd_;
    std::uint32_t events_;
};

/// Waits once until the descriptor can be read, has ended or is in error. For repeated waits keep a `watch`.
[[nodiscard]] inline fd_wait readable(int fd, time_ns deadline = never) noexcept {
    return {fd, FRL_FD_READ, deadline};
}

/// Waits once until the descriptor can be written or is in error, such as a connect in progress.
[[nodiscard]] inline fd_wait writable(int fd, time_ns deadline = never) noexcept {
    return {fd, FRL_FD_WRITE, deadline};
}

/// Waits on a kept watch; the same as `source.ready(events, deadline)`.
[[nodiscard]] inline watch_wait ready(watch& source, std::uint32_t events, time_ns deadline = never) noexcept {
    return {source, events, deadline};
}

} // namespace ferrule::sdk
