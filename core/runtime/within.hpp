// Gives an operation a time limit; Asio 1.81 has no cancel_after.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

namespace detail {

/// How a body ended; an exception must end the race as well as a value does, and operator|| would wait on.
template <class T>
struct ending {
    std::optional<result<T>> value;
    std::exception_ptr thrown;
};

template <class T>
asio::awaitable<ending<T>> caught(asio::awaitable<result<T>> body) {
    ending<T> end;
    try {
        end.value.emplace(co_await std::move(body));
    } catch (...) {
        end.thrown = std::current_exception();
    }
    co_return end;
}

} // namespace detail

/// Runs `body` for at most `limit`. Past it the body is cancelled (terminal), its end awaited, and the error `deadline`
/// (retryable) returned. The body must run on the caller's executor and end when it is cancelled; an exception that
/// leaves it before the limit leaves `within` as well.
template <class T>
asio::awaitable<result<T>> within(base::duration limit, asio::awaitable<result<T>> body) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    auto guarded = detail::caught(std::move(body));
    auto race = std::move(guarded) || timer.async_wait(asio::use_awaitable);
    auto first = co_await std::move(race);
    if (first.index() == 0) {
        auto& end = std::get<0>(first);
        if (end.thrown)
            std::rethrow_exception(end.thrown);
        co_return std::move(*end.value);
    }
    co_return error("deadline", "it took longer than " + base::to_text(limit), true);
}

} // namespace ferrule::runtime
