#include "runtime/turns.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::runtime {

// The timer is started and cancelled under the mutex, so that neither can miss the other.
struct turns::waiter {
    waiter(const asio::any_io_executor& on, base::steady_time deadline)
        : timer(on, deadline) {}

    asio::steady_timer timer;
    bool given = false;
};

turns::turn::turn(turns& of) noexcept
    : of_(&of) {}

turns::turn::turn(turn&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)) {}

turns::turn::~turn() {
    if (of_ != nullptr)
        of_->give_back();
}

turns::turns(std::size_t count)
    : free_(std::max<std::size_t>(1, count)) {}

asio::awaitable<std::optional<turns::turn>> turns::take(base::steady_time deadline) {
    const auto on = co_await asio::this_coro::executor;
    std::shared_ptr<waiter> mine;
    std::optional<turn> got;
    {
        const std::lock_guard lock(mutex_);
        if (free_ > 0) {
            --free_;
            got.emplace(turn(*this));
        } else {
            mine = std::make_shared<waiter>(on, deadline);
            waiting_.push_back(mine);
        }
    }
    if (got)
        co_return std::move(got);
    auto start = [this, &mine](auto handler) {
        const std::lock_guard lock(mutex_);
        if (mine->given)
            mine->timer.expires_at(asio::steady_timer::time_point::min());
        mine->timer.async_wait(std::move(handler));
    };
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(start, token);
    const std::lock_guard lock(mutex_);
    if (mine->given)
        got.emplace(turn(*this));
    else
        std::erase(waiting_, mine);
    co_return std::move(got);
}

void turns::give_back() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
        ++free_;
        return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next->given = true;
    next->timer.cancel();
}

} // namespace ferrule::runtime
