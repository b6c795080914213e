// Gives an operation a time limit; Asio 1.81 has no cancel_after.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// Runs `body` for at most `limit`. Past it the body is cancelled (terminal), its end awaited, and the error `deadline`
/// (retryable) returned. The body must run on the caller's executor and end when it is cancelled.
template <class T>
asio::awaitable<result<T>> within(base::duration limit, asio::awaitable<result<T>> body) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    auto race = std::move(body) || timer.async_wait(asio::use_awaitable);
    auto first = co_await std::move(race);
    if (first.index() == 0)
        co_return std::move(std::get<0>(first));
    co_return error("deadline", "it took longer than " + base::to_text(limit), true);
}

} // namespace ferrule::runtime
