#include "runtime/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace ferrule::runtime {

event::event(asio::any_io_executor on)
    : on_(on)
    , waiters_(std::move(on), asio::steady_timer::time_point::max()) {}

void event::set() {
    set_ = true;
    waiters_.cancel();
}

asio::awaitable<void> event::wait() {
    while (!set_) {
        boost::system::error_code ignored;
        co_await waiters_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            co_return;
    }
}

asio::awaitable<bool> event::wait_until(base::steady_time deadline) {
    if (set_)
        co_return true;
    // A timer of its own: its end wakes only this waiter, the latch wakes it through the shared one. Its handler may
    // already be queued when this coroutine is resumed by the latch, and then runs after it: it must not touch it.
    const auto expired = std::make_shared<bool>(false);
    asio::steady_timer limit(on_, deadline);
    limit.async_wait([this, still_there = std::weak_ptr<bool>(expired)](const boost::system::error_code& failed) {
        if (const auto waiter = still_there.lock(); waiter && !failed) {
            *waiter = true;
            waiters_.cancel();
        }
    });
    while (!set_ && !*expired) {
        boost::system::error_code ignored;
        co_await waiters_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            break;
    }
    co_return set_;
}

} // namespace ferrule::runtime
