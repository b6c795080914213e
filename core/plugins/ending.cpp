#include "plugins/ending.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferrule::plugins {

ending::ending(const asio::any_io_executor& on, base::duration limit)
    : on_(on)
    , limit_(on, limit) {}

std::function<void()> ending::expect() {
    ++left_;
    return [self = shared_from_this()] {
        if (--self->left_ == 0)
            asio::post(self->on_, [self] { self->limit_.cancel(); });
    };
}

asio::awaitable<std::size_t> ending::wait() {
    const auto self = shared_from_this();
    if (--left_ != 0) {
        boost::system::error_code ignored;
        co_await limit_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return left_.load();
}

} // namespace ferrule::plugins
