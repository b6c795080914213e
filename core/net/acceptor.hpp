// Sockets that listen.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ferrule::net {

namespace asio = boost::asio;

/// Listens at an address as parse_listen_address reads it; `*` takes both IPv4 and IPv6. `setting` is where it comes
/// from, for complaints. Fails with `listen_failed`.
result<asio::ip::tcp::acceptor> open_acceptor(const asio::any_io_executor& on, const std::string& address,
                                              const std::string& setting);

/// Whom an address belongs to, as far as it can be told: with IPv6 a site has a whole /56 of them. For people too.
std::string origin_of(const asio::ip::address& from);
/// The same of `192.0.2.1:4000` or `[2001:db8::1]:4000`; what is no such text is an origin of its own.
std::string origin_of_peer(std::string_view endpoint);

} // namespace ferrule::net
