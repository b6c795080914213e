// Many one-shot timers behind one of Asio's.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "runtime/io.hpp"

namespace ferrule::plugins {

/// The timers of one instance: its own and those that the host keeps for its operations. A heap with handles that carry
/// a generation; starting or ending one costs O(log n) and touches Asio's timer only when the earliest changes. Lives
/// on a strand; callbacks come on it, never inside a member, and none follows `cancel`. Timers that are further away
/// than 10 ms wake together on a grid of 1 ms, because wake-ups are what timers cost.
class timer_queue {
  public:
    using callback = void (*)(void* arg);
    /// Calls a due timer's function. `number` is what `start` was given.
    using invoker = std::function<void(callback, void* arg, std::uint64_t number)>;

    timer_queue(runtime::strand on, invoker around);
    timer_queue(const timer_queue&) = delete;
    timer_queue& operator=(const timer_queue&) = delete;
    ~timer_queue();

    /// Fires once, at or after `at`. Never 0.
    std::uint64_t start(base::steady_time at, callback fn, void* arg, std::uint64_t number = 0);
    /// False when it has fired or was cancelled before.
    bool cancel(std::uint64_t timer);
    [[nodiscard]] std::size_t size() const noexcept;
    /// Ends all of them and takes no more.
    void close();

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::plugins
