// Lets coroutines wait for something to happen.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <vector>

#include "base/clock.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// A latch on one strand: `wait` returns at once when set, otherwise when `set` is called; `reset` closes it again. All
/// calls on the executor that it was made with, so there is no lock. It must outlive its waiters.
class event {
  public:
    explicit event(asio::any_io_executor on);

    void set();

    void reset() noexcept { set_ = false; }

    [[nodiscard]] bool is_set() const noexcept { return set_; }

    asio::awaitable<void> wait();
    /// As wait, but gives up at `deadline`; returns whether it was set.
    asio::awaitable<bool> wait_until(base::steady_time deadline);

  private:
    class waiter;

    asio::any_io_executor on_;
    std::vector<waiter*> waiters_;
    bool set_ = false;
};

} // namespace ferrule::runtime
