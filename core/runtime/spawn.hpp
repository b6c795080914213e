// Starts a coroutine that nobody waits for, without losing its failure.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace ferrule::runtime {

namespace asio = boost::asio;

/// Logs what escaped a detached coroutine; cancellation at shutdown is not worth a line.
void log_escaped(std::string_view part, const std::exception_ptr& what) noexcept;

/// Runs `body` on `on`. `part` must be a literal: it names the coroutine in the log if an exception leaves it.
template <class Executor>
void spawn(Executor on, std::string_view part, asio::awaitable<void> body) {
    asio::co_spawn(std::move(on), std::move(body), [part](std::exception_ptr what) {
        if (what)
            log_escaped(part, what);
    });
}

} // namespace ferrule::runtime
