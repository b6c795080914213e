#include "web_server.hpp"

#include "runtime/spawn.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <optional>

namespace test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

namespace {

unsigned long number_in(const std::string& path) {
    return std::stoul(path.substr(path.rfind('/') + 1));
}

/// None closes the connection.
std::optional<response_type> answer(const request_type& asked) {
    const std::string path(asked.target());
    response_type out{http::status::ok, asked.version()};
    out.keep_alive(asked.keep_alive());
    if (path.starts_with("/echo")) {
        out.set("X-Method", asked.method_string());
        out.set("X-Got", asked["X-Sent"]);
        out.set("X-Host", asked[http::field::host]);
        out.body() = asked.body();
    } else if (path.starts_with("/to/")) {
        const auto left = number_in(path);
        out.result(http::status::found);
        out.set(http::field::location, left <= 1 ? std::string("/hello") : "/to/" + std::to_string(left - 1));
        out.body() = "not the last";
    } else if (path.starts_with("/bytes/")) {
        out.body() = std::string(number_in(path), 'x');
    } else if (path.starts_with("/status/")) {
        out.result(static_cast<unsigned>(number_in(path)));
    } else if (path == "/drop") {
        return std::nullopt;
    } else {
        out.body() = "hello";
    }
    out.prepare_payload();
    return out;
}

} // namespace

class web_server::impl : public std::enable_shared_from_this<web_server::impl> {
  public:
    impl(ferrule::runtime::io& on, ferrule::net::tls_context with)
        : tls(std::move(with))
        , strand(on.make_strand())
        , acceptor(strand, tcp::endpoint(asio::ip::address_v4::loopback(), 0))
        , port(acceptor.local_endpoint().port()) {}

    static asio::awaitable<void> accept(std::shared_ptr<impl> self) {
        for (;;) {
            boost::system::error_code failed;
            auto socket = co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
            if (failed)
                co_return;
            ++self->connections;
            ferrule::runtime::spawn(self->strand, "test", serve(self, std::move(socket)));
        }
    }

    static asio::awaitable<void> serve(std::shared_ptr<impl> self, tcp::socket socket) {
        if (!self->tls) {
            co_await talk(std::move(socket));
            co_return;
        }
        asio::ssl::stream<tcp::socket> stream(std::move(socket), *self->tls);
        boost::system::error_code failed;
        co_await stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::redirect_error(asio::use_awaitable, failed));
        if (!failed)
            co_await talk(std::move(stream));
    }

    template <class Stream>
    static asio::awaitable<void> talk(Stream stream) {
        boost::beast::flat_buffer buffer;
        boost::system::error_code failed;
        for (;;) {
            request_type asked;
            co_await http::async_read(stream, buffer, asked, asio::redirect_error(asio::use_awaitable, failed));
            if (failed)
                co_return;
            if (asked.target() == "/silent") {
                // Until the client goes.
                co_await http::async_read(stream, buffer, asked, asio::redirect_error(asio::use_awaitable, failed));
                co_return;
            }
            auto said = answer(asked);
            if (!said)
                co_return;
            co_await http::async_write(stream, *said, asio::redirect_error(asio::use_awaitable, failed));
            if (failed || !said->keep_alive())
                co_return;
        }
    }

    ferrule::net::tls_context tls;
    ferrule::runtime::strand strand;
    tcp::acceptor acceptor;
    unsigned short port;
    std::atomic<int> connections{0};
};

web_server::web_server(ferrule::runtime::io& on, ferrule::net::tls_context tls)
    : impl_(std::make_shared<impl>(on, std::move(tls))) {
    ferrule::runtime::spawn(impl_->strand, "test", impl::accept(impl_));
}

web_server::~web_server() {
    asio::post(impl_->strand, [held = impl_] {
        boost::system::error_code ignored;
        held->acceptor.close(ignored);
    });
}

std::string web_server::url(const std::string& path, const std::string& host) const {
    return (impl_->tls ? "https://" : "http://") + host + ":" + std::to_string(impl_->port) + path;
}

int web_server::connections() const {
    return impl_->connections.load();
}

} // namespace test
