// Addresses of this server and of its clients.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

#include "net/listen_address.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

using net::parse_listen_address;
using net::to_text;
/// `address:port` of the other side, or `unix`.
std::string peer_text(const asio::generic::stream_protocol::socket& socket);

} // namespace ferrule::http
