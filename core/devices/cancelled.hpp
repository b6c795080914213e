// Whether a coroutine was told to end; for those that have to clean up first.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/error.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// A cancellation ends only the wait that it meets; between two waits it has to be asked for.
inline asio::awaitable<bool> is_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

/// The error of a run that was cut short between two steps.
inline error cancelled() {
    return error("cancelled", "it was cancelled");
}

} // namespace ferrule::devices
