// Runs one coroutine to its end on an event loop of its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace test {

namespace asio = boost::asio;

/// The value of `body`, run on `loop` until nothing is left to do; what escapes it is thrown here.
template <class T>
T run(asio::io_context& loop, asio::awaitable<T> body) {
    std::optional<T> value;
    std::exception_ptr thrown;
    asio::co_spawn(loop, std::move(body), [&](std::exception_ptr what, T came) {
        thrown = what;
        if (!what)
            value.emplace(std::move(came));
    });
    loop.restart();
    loop.run();
    if (thrown)
        std::rethrow_exception(thrown);
    if (!value)
        throw std::logic_error("the loop ran dry before the coroutine ended");
    return std::move(*value);
}

inline void run(asio::io_context& loop, asio::awaitable<void> body) {
    bool ended = false;
    std::exception_ptr thrown;
    asio::co_spawn(loop, std::move(body), [&](std::exception_ptr what) {
        thrown = what;
        ended = true;
    });
    loop.restart();
    loop.run();
    if (thrown)
        std::rethrow_exception(thrown);
    if (!ended)
        throw std::logic_error("the loop ran dry before the coroutine ended");
}

} // namespace test
