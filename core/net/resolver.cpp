#include "net/resolver.hpp"

#include "net/await_callback.hpp"
#include "net/resolver_channel.hpp"

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace ferrule::net {

resolver::resolver(runtime::io& loop, resolver_settings wanted)
    : channel_(std::make_shared<channel>(loop, std::move(wanted))) {}

resolver::~resolver() {
    channel_->close();
}

std::uint64_t resolver::start(std::string name, asio::any_io_executor on, resolve_callback done) {
    return channel_->start(std::move(name), std::move(on), std::move(done));
}

void resolver::cancel(std::uint64_t query) {
    channel_->cancel(query);
}

asio::awaitable<result<addresses>> resolver::resolve(std::string name) {
    const auto on = co_await asio::this_coro::executor;
    auto start = [this, on, &name](resolve_callback done) {
        return channel_->start(std::move(name), on, std::move(done));
    };
    auto cancel = [held = channel_](std::uint64_t number) { held->cancel(number); };
    auto waiting = await_callback<result<addresses>>(std::move(start), std::move(cancel));
    co_return co_await std::move(waiting);
}

} // namespace ferrule::net
