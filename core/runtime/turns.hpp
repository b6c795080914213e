// Lets only so many at a time.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// Hands out a fixed number of turns in the order in which they were asked for: one keeps changes in order, more bound
/// what is under way. Thread-safe; it must outlive those who wait and the turns that are out.
class turns {
    struct waiter;

  public:
    /// Held for as long as the turn lasts.
    class turn {
      public:
        turn(turn&& other) noexcept;
        turn& operator=(turn&&) = delete;
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn();

      private:
        friend class turns;
        explicit turn(turns& of) noexcept;
        turns* of_;
    };

    explicit turns(std::size_t count);

    /// Waits for a turn; none when the deadline passed or the coroutine was cancelled before.
    asio::awaitable<std::optional<turn>> take(base::steady_time deadline = base::steady_time::max());

  private:
    void give_back();

    std::mutex mutex_;
    std::size_t free_;
    std::deque<std::shared_ptr<waiter>> waiting_;
};

} // namespace ferrule::runtime
