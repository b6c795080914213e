// SPDX-License-Identifier: Apache-2.0
// Time: waiting for it in a coroutine, and a callback at a time.
#pragma once

#include <ferrule/sdk/wait.hpp>

#include <functional>

namespace ferrule::sdk {

/// Awaiter of sleep_until.
class sleep_wait final : public wait {
  public:
    explicit sleep_wait(time_ns at) noexcept
        : wait(at) {}

    /// `ready` when the time has come, else `cancelled`.
    wait_status await_resume() const noexcept {
        return status() == wait_status::cancelled ? wait_status::cancelled : wait_status::ready;
    }

  private:
    bool begin() override { return true; }

    void end() noexcept override {}
};

/// Waits until the host's clock reaches `at`; `never` waits for a cancellation.
[[nodiscard]] inline sleep_wait sleep_until(time_ns at) noexcept {
    return sleep_wait(at);
}

/// A one-shot callback on the strand; ends with the object.
class timer {
  public:
    timer(strand& home, std::function<void()> fn)
        : home_(&home)
        , fn_(std::move(fn)) {}

    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    ~timer() { stop(); }

    /// Calls the function once at or after `at`; replaces an earlier start. False when the host refused.
    bool start(time_ns at) {
        stop();
        const auto& table = home_->host().table();
        home_->host().require(table.timer_cancel, "timer_cancel");
        handle_ = home_->host().require(table.timer_start, "timer_start")(table.ctx, at, &timer::on_timer, this);
        return handle_ != 0;
    }

    void stop() noexcept {
        if (handle_ != 0) {
            const auto& table = home_->host().table();
            table.timer_cancel(table.ctx, std::exchange(handle_, 0));
        }
    }

    [[nodiscard]] bool pending() const noexcept { return handle_ != 0; }

  private:
    static void on_timer(void* arg) noexcept {
        auto* self = static_cast<timer*>(arg);
        strand& home = *self->home_;
        strand::entry inside(home);
        self->handle_ = 0;
        try {
            const auto fn = self->fn_; // the function may destroy the timer
            fn();
        } catch (...) {
            home.host().fail("a timer's function threw an exception", {{"error", detail::current_error().message()}});
        }
    }

    strand* home_;
    std::function<void()> fn_;
    frl_timer handle_ = 0;
};

} // namespace ferrule::sdk
