#include "runtime/gate.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <mutex>
#include <utility>

namespace ferrule::runtime {

struct gate::state {
    std::mutex mutex;
    std::size_t inside = 0;
    bool closed = false;
    std::function<void()> emptied;

    void leave() {
        std::function<void()> call;
        {
            const std::lock_guard lock(mutex);
            if (--inside == 0 && closed)
                call = std::exchange(emptied, nullptr);
        }
        if (call)
            call();
    }
};

gate::pass::pass(std::shared_ptr<state> held)
    : held_(std::move(held)) {}

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
    const auto on = co_await asio::this_coro::executor;
    const auto timer = std::make_shared<asio::steady_timer>(on, limit);
    {
        const std::lock_guard lock(state_->mutex);
        state_->closed = true;
        if (state_->inside == 0)
            co_return 0;
        state_->emptied = [timer, on] { asio::post(on, [timer] { timer->cancel(); }); };
    }
    boost::system::error_code ignored;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const std::lock_guard lock(state_->mutex);
    state_->emptied = nullptr;
    co_return state_->inside;
}

} // namespace ferrule::runtime
