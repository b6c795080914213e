// SPDX-License-Identifier: Apache-2.0
// What every wait of a coroutine has in common: a deadline, and an early end when the operation is cancelled.
#pragma once

#include <ferrule/sdk/detail/list.hpp>
#include <ferrule/sdk/strand.hpp>
#include <ferrule/sdk/task.hpp>

#include <coroutine>
#include <cstdint>

namespace ferrule::sdk {

/// How a wait ended.
enum class wait_status : std::uint8_t { ready, timed_out, cancelled };

namespace detail {
struct cancel_tag;
}

/// Base of everything that a coroutine of an instance can wait for. An awaiter lives in the coroutine's frame;
/// destroying the frame ends the wait. Derived classes register in `begin` and unregister in `end` and in their
/// destructor.
class wait : public detail::ready, public detail::hook<detail::cancel_tag> {
  public:
    wait(const wait&) = delete;
    wait& operator=(const wait&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> coroutine) {
        const detail::surroundings& around = coroutine.promise().around();
        waiter = coroutine;
        home_ = around.home;
        return start(cancellable_ ? around.cancel : nullptr);
    }

  protected:
    /// A wait that is not `cancellable` goes on when the operation is cancelled, because what it started cannot be
    /// stopped.
    explicit wait(time_ns deadline, bool cancellable = true) noexcept
        : deadline_(deadline)
        , cancellable_(cancellable) {}

    virtual ~wait() { stop_timer(); }

    /// Registers for what is waited for. False when there is nothing to wait for; `status` then says why. May throw.
    virtual bool begin() = 0;
    /// Takes back what `begin` did, because the wait ended for whatever reason.
    virtual void end() noexcept = 0;

    /// Ends the wait; the coroutine resumes at the end of the running callback. Only the first call counts.
    inline void settle(wait_status status);

    [[nodiscard]] strand& home() const noexcept { return *home_; }

    [[nodiscard]] const sdk::host& host() const noexcept { return home_->host(); }

    [[nodiscard]] wait_status status() const noexcept { return status_; }

  private:
    friend class cancellation;

    inline bool start(cancellation* cancel);

    static void on_timer(void* arg) noexcept {
        auto* self = static_cast<wait*>(arg);
        strand::entry inside(*self->home_);
        self->timer_ = 0;
        self->settle(wait_status::timed_out);
    }

    void stop_timer() noexcept {
        if (timer_ != 0) {
            const auto& table = host().table();
            table.timer_cancel(table.ctx, std::exchange(timer_, 0));
        }
    }

    strand* home_ = nullptr;
    time_ns deadline_;
    frl_timer timer_ = 0;
    wait_status status_ = wait_status::ready;
    bool waiting_ = false;
    bool cancellable_;
};

/// A request to end, shared by everything that one operation awaits. Belongs to the strand.
class cancellation {
  public:
    cancellation() = default;
    cancellation(const cancellation&) = delete;
    cancellation& operator=(const cancellation&) = delete;

    [[nodiscard]] bool requested() const noexcept { return requested_; }

    /// Wakes every wait of the operation with wait_status::cancelled; later ones end at once with the same.
    void request() {
        requested_ = true;
        while (wait* first = waits_.front()) {
            first->settle(wait_status::cancelled);
        }
    }

  private:
    friend class wait;

    detail::list<wait, detail::cancel_tag> waits_;
    bool requested_ = false;
};

inline bool wait::start(cancellation* cancel) {
    if (cancel != nullptr && cancel->requested()) {
        status_ = wait_status::cancelled;
        return false;
    }
    waiting_ = true;
    if (!begin()) {
        waiting_ = false;
        return false;
    }
    if (deadline_ != never) {
        const auto& table = host().table();
        const auto start_timer = host().require(table.timer_start, "timer_start");
        host().require(table.timer_cancel, "timer_cancel");
        timer_ = start_timer(table.ctx, deadline_, &wait::on_timer, this);
        if (timer_ == 0) {
            throw failure(
                error("internal", "The host refused a timer; coroutines must wait on their instance's strand."));
        }
    }
    if (cancel != nullptr) {
        cancel->waits_.push_back(*this);
    }
    return true;
}

inline void wait::settle(wait_status status) {
    if (!waiting_) {
        return;
    }
    waiting_ = false;
    status_ = status;
    static_cast<detail::hook<detail::cancel_tag>&>(*this).unlink();
    stop_timer();
    end();
    home_->schedule(*this);
}

} // namespace ferrule::sdk
