#include "runtime/gate.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace ferrule::runtime {

struct gate::state {
    std::mutex mutex;
    std::size_t inside = 0;
    bool closed = false;
    // What a drain waits on; started and cancelled under the mutex, so that neither can miss the other.
    std::weak_ptr<asio::steady_timer> draining;

    void leave() {
        const std::lock_guard lock(mutex);
        if (--inside > 0)
            return;
        if (const auto timer = draining.lock())
            timer->cancel();
    }
};

gate::pass::pass(std::shared_ptr<state> held)
    : held_(std::move(held)) {}

gate::pass& gate::pass::operator=(pass&& other) noexcept {
    if (this != &other) {
        const auto given_back = std::exchange(held_, std::move(other.held_));
        if (given_back)
            given_back->leave();
    }
    return *this;
}

gate::pass::~pass() {
    if (held_)
        held_->leave();
}

gate::gate()
    : state_(std::make_shared<state>()) {}

std::optional<gate::pass> gate::enter() {
    const std::lock_guard lock(state_->mutex);
    if (state_->closed)
        return std::nullopt;
    ++state_->inside;
    return pass(state_);
}

std::size_t gate::inside() const noexcept {
    const std::lock_guard lock(state_->mutex);
    return state_->inside;
}

void gate::close() {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
}

asio::awaitable<std::size_t> gate::drain(base::duration limit) {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, limit);
    auto start = [this, &timer](auto handler) {
        const std::lock_guard lock(state_->mutex);
        state_->closed = true;
        if (state_->inside == 0)
            timer->expires_at(asio::steady_timer::time_point::min());
        else
            state_->draining = timer;
        timer->async_wait(std::move(handler));
    };
    boost::system::error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(start, token);
    const std::lock_guard lock(state_->mutex);
    state_->draining.reset();
    co_return state_->inside;
}

} // namespace ferrule::runtime
