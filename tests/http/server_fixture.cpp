#include "http/server_fixture.hpp"

#include "http/presence.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <stdexcept>

namespace ferrule::http_test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::shared_ptr<const model::token> recognise(std::string_view text, base::wall_time) {
    auto made = std::make_shared<model::token>();
    if (text == "viewer-token")
        made->may = model::role::viewer;
    else if (text == "operator-token")
        made->may = model::role::operator_;
    else if (text == "admin-token")
        made->may = model::role::admin;
    else
        return nullptr;
    made->id = text;
    made->name = text.substr(0, text.find('-'));
    return made;
}

void flag::raise() {
    const std::lock_guard lock(mutex_);
    is_raised_ = true;
    raised_.notify_all();
}

void flag::wait() {
    std::unique_lock lock(mutex_);
    if (!raised_.wait_for(lock, 60s, [this] { return is_raised_; }))
        throw std::runtime_error("what the test waits for did not happen");
}

// Opened once; every waiter on any strand goes on.
struct fixture::gate {
    std::mutex mutex;
    bool open = false;
    std::vector<std::shared_ptr<asio::steady_timer>> waiters;

    asio::awaitable<void> pass(flag& waiting) {
        const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                                asio::steady_timer::time_point::max());
        {
            const std::lock_guard lock(mutex);
            if (open)
                co_return;
            waiters.push_back(timer);
        }
        waiting.raise();
        try {
            co_await timer->async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error&) {
            const std::lock_guard lock(mutex);
            if (!open)
                throw;
        }
    }
};

fixture::fixture(config::http_settings wanted, unsigned threads)
    : loop(threads)
    , gate_(std::make_shared<gate>()) {
    auto count = [this](const http::request&, unsigned, base::duration) { ++answered; };
    app = std::make_unique<http::dispatcher>(routes(), recognise, wanted.rate_limit, base::system_clock(), count);
    server = std::make_unique<http::server>(loop, *app, std::move(wanted));
    if (auto started = server->start(); !started)
        throw std::runtime_error(started.error().message());
    loop.start();
}

fixture::~fixture() {
    stop(0s);
    loop.stop();
    loop.join();
}

config::http_settings fixture::settings() {
    config::http_settings wanted;
    wanted.listen = {"127.0.0.1:0"};
    return wanted;
}

void fixture::stop(base::duration grace) {
    if (!std::exchange(stopped_, true))
        asio::co_spawn(loop.context(), server->stop(grace), asio::use_future).get();
}

void fixture::release() {
    const std::lock_guard lock(gate_->mutex);
    gate_->open = true;
    for (const auto& each : gate_->waiters)
        asio::post(each->get_executor(), [each] { each->cancel(); });
}

http::router fixture::routes() {
    using http::request;
    using http::response;
    http::router table;
    auto add = [&table](http::method verb, std::string pattern, http::access needs, http::handler run) {
        http::route made;
        made.verb = verb;
        made.pattern = std::move(pattern);
        made.needs = needs;
        made.body = verb == http::method::post ? http::body_kind::json : http::body_kind::none;
        made.query = {"name", "limit"};
        made.run = std::move(run);
        table.add(std::move(made));
    };
    const auto open = http::access::anonymous;
    auto hello = [](const request&) -> asio::awaitable<response> {
        co_return response(200, http::json_fields, std::string("{\"hello\":\"world\"}"));
    };
    add(http::method::get, "/hello", open, hello);
    add(http::method::get, "/viewer", http::access::viewer, hello);
    add(http::method::get, "/operator", http::access::operator_, hello);
    add(http::method::get, "/admin", http::access::admin, hello);
    add(http::method::post, "/echo", open, [](const request& asked) -> asio::awaitable<response> {
        co_return response(200, http::json_fields, asked.body);
    });
    add(http::method::get, "/items/{id}", open, [](const request& asked) -> asio::awaitable<response> {
        co_return response(200, http::json_fields, asked.param("id"));
    });
    add(http::method::get, "/big", open, [](const request&) -> asio::awaitable<response> {
        co_return response(200, http::json_fields, std::make_shared<const std::string>(4 << 20, 'x'));
    });
    add(http::method::get, "/throws", open, [](const request&) -> asio::awaitable<response> {
        throw std::runtime_error("the secret reason");
        co_return response(200);
    });
    add(http::method::get, "/held", open, [this](const request&) -> asio::awaitable<response> {
        co_await gate_->pass(held);
        co_return response(200, http::json_fields, std::string("\"released\""));
    });
    add(http::method::get, "/forever", open, [this](const request&) -> asio::awaitable<response> {
        asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        held.raise();
        try {
            co_await never.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error&) {
            let_go.raise();
            throw;
        }
        co_return response(200);
    });
    add(http::method::get, "/patient", open, [this](const request& asked) -> asio::awaitable<response> {
        auto waiting = gate_->pass(held);
        co_await asked.client->while_there(std::move(waiting));
        let_go.raise();
        co_return response(200, http::json_fields, std::string("\"waited\""));
    });
    auto ticks = [this](http::body_writer& out) -> asio::awaitable<void> {
        try {
            co_await out.write("tick");
            co_await gate_->pass(held);
            co_await out.write("tock");
        } catch (const boost::system::system_error&) {
            let_go.raise();
            throw;
        }
    };
    add(http::method::get, "/ticks", open, [ticks](const request&) -> asio::awaitable<response> {
        co_return response(200, http::sse_fields, http::stream_body(ticks));
    });
    auto flood = [this](http::body_writer& out) -> asio::awaitable<void> {
        for (;;) {
            auto sent = co_await out.write(std::string(64 * 1024, 'x'));
            if (!sent)
                break;
            written += 64 * 1024;
            held.raise();
        }
        let_go.raise();
    };
    add(http::method::get, "/flood", open, [flood](const request&) -> asio::awaitable<response> {
        co_return response(200, http::sse_fields, http::stream_body(flood));
    });
    return table;
}

} // namespace ferrule::http_test
