// SPDX-License-Identifier: Apache-2.0
// task<T>: a coroutine that starts when it is awaited, so that asynchronous plugin code reads from top to bottom.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace ferrule::sdk {

class strand;
class cancellation;

namespace detail {

/// What a coroutine inherits from the one that awaits it.
struct surroundings {
    strand* home = nullptr;
    cancellation* cancel = nullptr;
};

class task_promise_base {
  public:
    [[nodiscard]] const surroundings& around() const noexcept { return around_; }

    /// Runs the coroutine until it ends or waits; true when it waits, and will resume `continuation` at its end.
    /// Resuming from here, and not by symmetric transfer, keeps the stack flat in builds without tail calls when a loop
    /// awaits what ends at once.
    bool run(std::coroutine_handle<> self, std::coroutine_handle<> continuation, const surroundings& around) {
        around_ = around;
        self.resume();
        if (self.done()) {
            return false;
        }
        continuation_ = continuation;
        return true;
    }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    struct final_awaiter {
        bool await_ready() const noexcept { return false; }

        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
            return ended.promise().continuation_;
        }

        void await_resume() const noexcept {}
    };

    final_awaiter final_suspend() const noexcept { return {}; }

  protected:
    void rethrow() const {
        if (exception_) {
            std::rethrow_exception(exception_);
        }
    }

  private:
    std::coroutine_handle<> continuation_ = std::noop_coroutine();
    surroundings around_;
    std::exception_ptr exception_;
};

template <class T>
class task_promise : public task_promise_base {
  public:
    template <class U>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }

    T take() {
        rethrow();
        return std::move(*value_);
    }

  private:
    std::optional<T> value_;
};

template <>
class task_promise<void> : public task_promise_base {
  public:
    void return_void() const noexcept {}

    void take() const { rethrow(); }
};

} // namespace detail

/// A lazy coroutine that returns T. Await it once: `co_await read_line()`. Destroying it destroys its frame and
/// whatever that waits for. Take parameters by value, or by reference to something that surely outlives it.
template <class T = void>
class [[nodiscard]] task {
  public:
    struct promise_type final : detail::task_promise<T> {
        task get_return_object() noexcept { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    };

    task(task&& other) noexcept
        : frame_(std::exchange(other.frame_, {}))
        , shielded_(other.shielded_) {}

    task& operator=(task&&) = delete;

    ~task() {
        if (frame_) {
            frame_.destroy();
        }
    }

    /// Waits inside no longer end early when the operation is cancelled: for saying goodbye to a device. Give them a
    /// short deadline.
    task shielded() && noexcept {
        shielded_ = true;
        return std::move(*this);
    }

    class awaiter {
      public:
        explicit awaiter(task&& work) noexcept
            : work_(std::move(work)) {}

        [[nodiscard]] bool await_ready() const noexcept { return false; }

        template <class Parent>
        bool await_suspend(std::coroutine_handle<Parent> parent) {
            auto around = parent.promise().around();
            if (work_.shielded_) {
                around.cancel = nullptr;
            }
            return work_.frame_.promise().run(work_.frame_, parent, around);
        }

        T await_resume() { return work_.frame_.promise().take(); }

      private:
        task work_;
    };

    awaiter operator co_await() && noexcept { return awaiter(std::move(*this)); }

  private:
    explicit task(std::coroutine_handle<promise_type> frame) noexcept
        : frame_(frame) {}

    std::coroutine_handle<promise_type> frame_;
    bool shielded_ = false;
};

} // namespace ferrule::sdk
