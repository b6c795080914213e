// Turns a call with a callback into something a coroutine waits for.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace ferrule::net {

namespace asio = boost::asio;

/// Waits for the outcome of `start`, a function that takes a `std::function<void(T)>`, returns a number, and calls back
/// exactly once on the caller's executor, not inside `start`. When the coroutine is cancelled, `cancel(number)` is
/// called and the callback, which then comes soon, still awaited.
template <class T, class Start, class Cancel>
asio::awaitable<T> await_callback(Start start, Cancel cancel) {
    std::optional<T> outcome;
    auto initiate = [&outcome, &start, &cancel](auto handler) {
        const auto number = std::make_shared<std::atomic<std::uint64_t>>(0);
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([number, cancel](asio::cancellation_type) { cancel(number->load()); });
        const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        auto call = [waiting, slot, &outcome](T value) mutable {
            slot.clear();
            outcome.emplace(std::move(value));
            (*waiting)();
        };
        number->store(start(std::function<void(T)>(std::move(call))));
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
    co_return std::move(*outcome);
}

} // namespace ferrule::net
