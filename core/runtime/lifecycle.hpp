// Starts the parts of a process in order and stops them in the reverse one.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// What a role is composed of. `start` runs the parts' start functions in the order of `add`; when one fails, those
/// already started are stopped and the error, prefixed with the part's name, is returned. `stop` runs the stop
/// functions in reverse, each at most once, and logs what it does.
class lifecycle {
  public:
    using start_fn = std::function<asio::awaitable<result<void>>()>;
    using stop_fn = std::function<asio::awaitable<void>()>;

    void add(std::string name, start_fn start, stop_fn stop);

    asio::awaitable<result<void>> start();
    asio::awaitable<void> stop();

  private:
    struct part {
        std::string name;
        start_fn start;
        stop_fn stop;
        bool running = false;
    };

    std::vector<part> parts_;
};

} // namespace ferrule::runtime
