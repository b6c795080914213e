// Opens WebSockets to servers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

#include "net/resolver.hpp"
#include "net/web_socket.hpp"

namespace ferrule::net {

/// `host:port` or `[ipv6]:port` in its parts; fails with `invalid_address`.
struct host_port {
    std::string host;
    std::string port;
};

result<host_port> split_host_port(const std::string& text);

/// Resolves, connects to one address after the other, shakes hands; all within `limit`. The socket lives on `on`, which
/// must be the caller's executor. Fails with the resolver's codes, `connection_refused`, `host_unreachable`,
/// `connect_timeout` (all retryable) or those of upgrade_to_web_socket.
asio::awaitable<result<std::shared_ptr<web_socket>>> dial_web_socket(resolver& names, std::string address,
                                                                     tls_context context, web_socket_limits limits,
                                                                     base::duration limit);

} // namespace ferrule::net
