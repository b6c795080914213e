#include "net/http_client.hpp"

#include "net/await_callback.hpp"
#include "net/http_engine.hpp"

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace ferrule::net {

http_client::http_client(runtime::io& loop, http_client_settings wanted)
    : engine_(std::make_shared<engine>(loop, std::move(wanted))) {}

http_client::~http_client() {
    engine_->close();
}

std::uint64_t http_client::start(http_request request, asio::any_io_executor on, http_callback done) {
    return engine_->start(std::move(request), std::move(on), std::move(done));
}

void http_client::cancel(std::uint64_t exchange) {
    engine_->cancel(exchange);
}

asio::awaitable<result<http_response>> http_client::send(http_request request) {
    const auto on = co_await asio::this_coro::executor;
    auto begin = [this, on, &request](http_callback done) {
        return engine_->start(std::move(request), on, std::move(done));
    };
    auto stop = [held = engine_](std::uint64_t number) { held->cancel(number); };
    auto waiting = await_callback<result<http_response>>(std::move(begin), std::move(stop));
    co_return co_await std::move(waiting);
}

} // namespace ferrule::net
