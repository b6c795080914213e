#include "app/stop_signals.hpp"

#include "base/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdlib>

namespace ferrule::app {

namespace {

// As under nohup.
bool hang_up_is_ignored() {
    struct sigaction now {};

    return ::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace

stop_signals::stop_signals(runtime::io& loop)
    : signals_(loop.make_strand(), SIGTERM, SIGINT) {
    if (!hang_up_is_ignored())
        signals_.add(SIGHUP);
}

asio::awaitable<void> stop_signals::wait() {
    boost::system::error_code failed;
    co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    if (!failed)
        arm_second();
}

void stop_signals::arm_second() {
    signals_.async_wait([this](const boost::system::error_code& failed, int number) {
        if (failed)
            return;
        if (number == SIGHUP) // a terminal that closes may send several
            return arm_second();
        base::log::warn("app", "stopped at once on a second signal");
        std::_Exit(EXIT_FAILURE);
    });
}

} // namespace ferrule::app
