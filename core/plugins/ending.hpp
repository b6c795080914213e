// Waits for instances to end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "plugins/instance.hpp"

namespace ferrule::plugins {

/// Used once by the registry's stop: expect each instance, then wait.
class ending : public std::enable_shared_from_this<ending> {
  public:
    ending(asio::any_io_executor on, base::duration limit);

    /// Counts an instance until it has ended; it may have already.
    void expect(instance& which);
    /// How many have not ended when the limit is over.
    asio::awaitable<std::size_t> wait();

  private:
    asio::any_io_executor on_;
    asio::steady_timer limit_;
    std::atomic<std::size_t> left_{0};
};

} // namespace ferrule::plugins
