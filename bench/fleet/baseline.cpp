// The least that a controller of such agents could be: asio::ssl::stream and Beast with the controller's TLS settings,
// and nothing behind them.
//
//   fleet_baseline AUTHORITY_FOLDER HOST:PORT
//
// Greets each agent and drops its heartbeats. Each line on standard input sends one message to all, which each answers
// with one; then {"answers":N,"seconds":S} is printed. Ends with its input. Prints {"ready":true} first.
#include "fleet/descriptors.hpp"

#include "fleet/pki/authority.hpp"
#include "fleet/protocol/frame.hpp"
#include "fleet/protocol/greeting.hpp"
#include "net/libraries.hpp"
#include "net/mutual_tls.hpp"
#include "net/web_socket_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <set>
#include <string>

#include <unistd.h>

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
namespace protocol = ferrule::fleet::protocol;
using asio::ip::tcp;
using boost::system::error_code;
using plain_stream = websocket::stream<asio::ssl::stream<tcp::socket>, false>;
using session = std::shared_ptr<plain_stream>;

class server {
  public:
    server(asio::io_context& loop, ferrule::net::tls_context context)
        : loop_(loop)
        , context_(std::move(context))
        , order_(protocol::make_frame("bench", "{}")) {
        protocol::welcome hello;
        hello.program = "baseline";
        welcome_ = protocol::make_frame(protocol::kinds::welcome, protocol::to_json(hello));
    }

    asio::awaitable<void> accept(tcp::endpoint at) {
        tcp::acceptor from(loop_, at);
        std::puts(R"({"ready":true})");
        std::fflush(stdout);
        for (;;) {
            auto socket = co_await from.async_accept(asio::use_awaitable);
            asio::co_spawn(loop_, serve(std::move(socket)), asio::detached);
        }
    }

    asio::awaitable<void> order() {
        asio::posix::stream_descriptor input(loop_, ::dup(STDIN_FILENO));
        asio::streambuf line;
        error_code failed;
        for (;;) {
            const auto got =
                co_await asio::async_read_until(input, line, '\n', asio::redirect_error(asio::use_awaitable, failed));
            if (failed)
                std::_Exit(0);
            line.consume(got);
            answers_ = 0;
            expected_ = open_.size();
            begun_ = std::chrono::steady_clock::now();
            for (const auto& each : open_)
                each->async_write(asio::buffer(order_), [each](const error_code&, std::size_t) {});
        }
    }

  private:
    asio::awaitable<void> serve(tcp::socket socket) {
        socket.set_option(tcp::no_delay(true));
        const auto over = std::make_shared<plain_stream>(std::move(socket), *context_);
        error_code failed;
        co_await over->next_layer().async_handshake(asio::ssl::stream_base::server,
                                                    asio::redirect_error(asio::use_awaitable, failed));
        if (!failed)
            co_await over->async_accept(asio::redirect_error(asio::use_awaitable, failed));
        over->text(true);
        while (!failed) {
            std::string message;
            auto buffer = asio::dynamic_buffer(message);
            co_await over->async_read(buffer, asio::redirect_error(asio::use_awaitable, failed));
            if (!failed && message.starts_with(R"({"kind":"hello")")) {
                co_await over->async_write(asio::buffer(welcome_), asio::redirect_error(asio::use_awaitable, failed));
                open_.insert(over);
            } else if (!failed && message.starts_with(R"({"kind":"unsupported")")) {
                answered();
            }
        }
        open_.erase(over);
    }

    void answered() {
        if (++answers_ != expected_)
            return;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
        std::printf("{\"answers\":%zu,\"seconds\":%.6f}\n", answers_, took.count());
        std::fflush(stdout);
    }

    asio::io_context& loop_;
    ferrule::net::tls_context context_;
    std::string welcome_;
    const std::string order_;
    std::set<session> open_;
    std::size_t answers_ = 0;
    std::size_t expected_ = 0;
    std::chrono::steady_clock::time_point begun_;
};

} // namespace

int main(int count, char** words) {
    using namespace ferrule;
    if (count < 3) {
        std::fputs("usage: fleet_baseline AUTHORITY_FOLDER HOST:PORT\n", stderr);
        return 2;
    }
    net::init_libraries();
    const auto authority = fleet::pki::authority::open(words[1]);
    const auto at = net::split_host_port(words[2]);
    if (!authority || !at || !bench::raise_descriptors(64))
        return std::fputs("fleet_baseline: no authority there, or no address\n", stderr), 1;
    const auto identity = authority->make_server("baseline", base::system_clock().wall_now(), std::chrono::hours(24));
    auto context = identity ? net::make_mutual_server_context(*identity) : identity.error();
    if (!context)
        return std::fprintf(stderr, "fleet_baseline: %s\n", context.error().message().c_str()), 1;
    asio::io_context loop(1);
    server all(loop, std::move(*context));
    const tcp::endpoint on(asio::ip::make_address(at->host), static_cast<std::uint16_t>(std::stoi(at->port)));
    asio::co_spawn(loop, all.accept(on), [](std::exception_ptr what) {
        if (what)
            std::rethrow_exception(what);
    });
    asio::co_spawn(loop, all.order(), asio::detached);
    loop.run();
}
