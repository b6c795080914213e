#include "runtime/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace ferrule::runtime {

/// One coroutine that waits, in its frame. A timer each: it serves as the deadline, and its cancellation as the call.
class event::waiter {
  public:
    waiter(event& of, base::steady_time deadline)
        : of_(of)
        , timer_(of.on_, deadline) {
        of_.waiters_.push_back(this);
    }

    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    ~waiter() { std::erase(of_.waiters_, this); }

    asio::steady_timer& timer() noexcept { return timer_; }

  private:
    event& of_;
    asio::steady_timer timer_;
};

event::event(asio::any_io_executor on)
    : on_(std::move(on)) {}

void event::set() {
    set_ = true;
    for (auto* each : waiters_)
        each->timer().cancel();
}

asio::awaitable<void> event::wait() {
    co_await wait_until(base::steady_time::max());
}

asio::awaitable<bool> event::wait_until(base::steady_time deadline) {
    if (set_)
        co_return true;
    waiter mine(*this, deadline);
    bool expired = false;
    while (!set_ && !expired) {
        boost::system::error_code woken;
        co_await mine.timer().async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            break;
        expired = !woken;
    }
    co_return set_;
}

} // namespace ferrule::runtime
