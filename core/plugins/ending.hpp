// Waits for instances to end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace ferrule::plugins {

namespace asio = boost::asio;

/// Counts what has to end before the registry has stopped: expect each, then wait once. Ends that come while others are
/// still being expected do not end the wait.
class ending : public std::enable_shared_from_this<ending> {
  public:
    /// `on` is the strand of the coroutine that waits; the limit begins now.
    ending(const asio::any_io_executor& on, base::duration limit);

    /// What to call once that which is expected has ended: once, on any thread, perhaps at once.
    std::function<void()> expect();
    /// How many have not ended when the limit is over.
    asio::awaitable<std::size_t> wait();

  private:
    asio::any_io_executor on_;
    asio::steady_timer limit_;
    // The wait itself counts as one until it begins.
    std::atomic<std::size_t> left_{1};
};

} // namespace ferrule::plugins
