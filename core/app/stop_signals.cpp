#include "app/stop_signals.hpp"

#include "base/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdlib>

namespace ferrule::app {

stop_signals::stop_signals(runtime::io& loop)
    : signals_(loop.make_strand(), SIGTERM, SIGINT) {}

asio::awaitable<void> stop_signals::wait() {
    boost::system::error_code failed;
    co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    if (!failed)
        arm_second();
}

void stop_signals::arm_second() {
    signals_.async_wait([](const boost::system::error_code& failed, int) {
        if (failed)
            return;
        base::log::warn("app", "stopped at once on a second signal");
        std::_Exit(EXIT_FAILURE);
    });
}

} // namespace ferrule::app
