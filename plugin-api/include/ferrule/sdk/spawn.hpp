// SPDX-License-Identifier: Apache-2.0
// Starting coroutines that nobody awaits, and ending them with their owner.
#pragma once

#include <ferrule/sdk/strand.hpp>
#include <ferrule/sdk/wait.hpp>

#include <coroutine>

namespace ferrule::sdk {

namespace detail {

struct scope_tag;

/// The outermost coroutine of a spawned task; frees itself at its end.
class root {
  public:
    struct promise_type : hook<scope_tag>, ready {
        cancellation cancel;
        surroundings setting;

        [[nodiscard]] const surroundings& around() const noexcept { return setting; }

        root get_return_object() noexcept { return root{std::coroutine_handle<promise_type>::from_promise(*this)}; }

        std::suspend_always initial_suspend() const noexcept { return {}; }

        std::suspend_never final_suspend() const noexcept { return {}; }

        void return_void() const noexcept {}

        void unhandled_exception() const noexcept {
            const auto what = current_error();
            setting.home->host().fail("a background task of the plugin ended with an error",
                                      {{"code", what.code()}, {"error", what.message()}});
        }
    };

    std::coroutine_handle<promise_type> frame;
};

inline root run_root(task<> work) {
    co_await std::move(work);
}

} // namespace detail

/// Owns spawned coroutines: when it goes, those that have not finished are destroyed, with everything that they wait
/// for. Strand only; must not be destroyed by one of its own coroutines.
class task_scope {
  public:
    explicit task_scope(strand& home) noexcept
        : home_(&home) {}

    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    ~task_scope() { clear(); }

    /// Starts a coroutine at the end of the running callback. An exception that leaves it is logged. The cancellation
    /// lives until the coroutine ends.
    cancellation& spawn(task<> work) {
        auto frame = detail::run_root(std::move(work)).frame;
        auto& promise = frame.promise();
        promise.setting = {home_, &promise.cancel};
        promise.waiter = frame;
        running_.push_back(promise);
        home_->schedule(promise);
        return promise.cancel;
    }

    [[nodiscard]] bool empty() const noexcept { return running_.empty(); }

    /// Asks all to end: their waits report `cancelled`.
    void cancel_all() {
        running_.for_each([](detail::root::promise_type& each) { each.cancel.request(); });
    }

    /// Destroys all that have not finished.
    void clear() noexcept {
        while (auto* promise = running_.pop_front()) {
            std::coroutine_handle<detail::root::promise_type>::from_promise(*promise).destroy();
        }
    }

  private:
    strand* home_;
    detail::list<detail::root::promise_type, detail::scope_tag> running_;
};

} // namespace ferrule::sdk
