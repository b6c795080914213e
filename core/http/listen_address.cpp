#include "http/listen_address.hpp"

#include <charconv>
#include <cstring>

namespace ferrule::http {

namespace {

error unreadable(std::string_view text) {
    return error("listen_failed", "the listen address \"" + std::string(text) +
                                      "\" is not of the form 127.0.0.1:8520, [::1]:8520, *:8520 or unix:/path");
}

} // namespace

result<asio::ip::tcp::endpoint> parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return unreadable(text);
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
        return unreadable(text);
    if (host == "*")
        return asio::ip::tcp::endpoint(asio::ip::address_v6::any(), port);
    if (host == "localhost")
        return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(std::string(host), failed);
    if (failed || address.is_v6() != bracketed)
        return unreadable(text);
    return asio::ip::tcp::endpoint(address, port);
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
    auto host = endpoint.address().to_string();
    if (endpoint.address().is_v6())
        host = "[" + host + "]";
    return host + ":" + std::to_string(endpoint.port());
}

std::string peer_text(const asio::generic::stream_protocol::socket& socket) {
    boost::system::error_code failed;
    const auto peer = socket.remote_endpoint(failed);
    const auto family = peer.data()->sa_family;
    if (failed || (family != AF_INET && family != AF_INET6))
        return "unix";
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(peer.size());
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) // seen through a dual-stack listener
        endpoint.address(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()));
    return to_text(endpoint);
}

} // namespace ferrule::http
