#include "net/web_socket_client.hpp"

#include "runtime/within.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/ssl.h>

#include <charconv>

namespace ferrule::net {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr base::duration least_attempt = std::chrono::milliseconds(250);

error connect_failed(const std::string& address, const error_code& why) {
    namespace errc = boost::system::errc;
    const auto text = "cannot connect to " + address + ": " + why.message();
    if (why == errc::connection_refused)
        return error("connection_refused", text, true);
    if (why == errc::host_unreachable || why == errc::network_unreachable)
        return error("host_unreachable", text, true);
    return error("connect_timeout", text, true);
}

asio::awaitable<result<void>> connect(tcp::socket& socket, tcp::endpoint to, std::string address) {
    error_code failed;
    co_await socket.async_connect(to, asio::redirect_error(asio::use_awaitable, failed));
    if (failed)
        co_return connect_failed(address, failed);
    co_return ok();
}

// Tells where a failure came from, with the limit's own error made plain.
error about(const error& what, const std::string& address) {
    if (what.code() == "deadline")
        return error("connect_timeout", "no connection to " + address + " in time", true);
    return what;
}

// Closing the stream ends whatever the handshake waits for.
asio::awaitable<result<std::shared_ptr<web_socket>>> shake_hands(std::shared_ptr<tls_stream> over, std::string address,
                                                                 web_socket_limits limits, base::duration limit) {
    asio::steady_timer timer(over->get_executor(), limit);
    timer.async_wait([over](const error_code& cancelled) {
        if (!cancelled)
            over->close();
    });
    auto made = co_await upgrade_to_web_socket(over, address, limits);
    if (timer.cancel() == 0) { // it has fired, or is about to
        if (made)
            (*made)->cut_off();
        co_return error("connect_timeout", "the controller at " + address + " did not shake hands in time", true);
    }
    co_return made;
}

} // namespace

result<host_port> split_host_port(const std::string& text) {
    const auto colon = text.rfind(':');
    const error bad("invalid_address", "\"" + text + "\" is not HOST:PORT");
    if (colon == std::string::npos || colon == 0)
        return bad;
    host_port out;
    out.host = text.substr(0, colon);
    out.port = text.substr(colon + 1);
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
        out.host = out.host.substr(1, out.host.size() - 2);
    std::uint16_t port = 0;
    const auto read = std::from_chars(out.port.data(), out.port.data() + out.port.size(), port);
    if (read.ec != std::errc() || read.ptr != out.port.data() + out.port.size() || port == 0)
        return bad;
    return out;
}

asio::awaitable<result<std::shared_ptr<web_socket>>> dial_web_socket(resolver& names, std::string address,
                                                                     tls_context context, web_socket_limits limits,
                                                                     base::duration limit) {
    const auto parts = split_host_port(address);
    if (!parts)
        co_return parts.error();
    const auto on = co_await asio::this_coro::executor;
    const auto deadline = base::system_clock().steady_now() + limit;
    auto looked_up = co_await runtime::within(limit, names.resolve(parts->host));
    if (!looked_up)
        co_return about(looked_up.error(), address);
    std::uint16_t port = 0;
    std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), port);
    error last("connect_timeout", "no connection to " + address + " in time", true);
    for (std::size_t i = 0; i < looked_up->size(); ++i) {
        const auto left = deadline - base::system_clock().steady_now();
        if (left <= base::duration::zero())
            break;
        // Each address has its share of the time, so that one that swallows packets does not use it up.
        const auto share = std::max(least_attempt, left / static_cast<std::int64_t>(looked_up->size() - i));
        tcp::socket socket(on);
        const tcp::endpoint to((*looked_up)[i], port);
        const auto connected = co_await runtime::within(share, connect(socket, to, address));
        if (!connected) {
            last = about(connected.error(), address);
            continue;
        }
        auto stream = std::make_shared<tls_stream>(std::move(socket), context, tls_stream::side::client);
        error_code not_an_address;
        asio::ip::make_address(parts->host, not_an_address);
        if (not_an_address)
            SSL_set_tlsext_host_name(stream->native_handle(), parts->host.c_str());
        const auto rest = std::max(least_attempt, deadline - base::system_clock().steady_now());
        co_return co_await shake_hands(std::move(stream), address, limits, rest);
    }
    co_return last;
}

} // namespace ferrule::net
