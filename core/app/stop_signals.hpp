// Waits for the request to stop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>

#include "runtime/io.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// SIGTERM, SIGINT, and SIGHUP unless it is ignored. The first resumes wait(); a second SIGTERM or SIGINT, for those
/// who will not wait, ends the process at once.
class stop_signals {
  public:
    explicit stop_signals(runtime::io& loop);
    asio::awaitable<void> wait();

  private:
    void arm_second();
    asio::signal_set signals_;
};

} // namespace ferrule::app
