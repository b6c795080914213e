// `host:port` to an endpoint and back.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ferrule::net {

namespace asio = boost::asio;

/// Reads `127.0.0.1:8520`, `[::1]:8520`, `localhost:8520` or `*:8520` (every address, IPv6 and IPv4). Fails with
/// `listen_failed`.
result<asio::ip::tcp::endpoint> parse_listen_address(std::string_view text);
std::string to_text(const asio::ip::tcp::endpoint& endpoint);
/// Why an address cannot be listened on, and what to do.
error failed_to_listen(const std::string& address, const boost::system::error_code& why, std::string_view setting);

} // namespace ferrule::net
