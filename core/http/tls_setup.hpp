// The server's TLS context.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>

#include "base/error.hpp"
#include "config/settings.hpp"

namespace ferrule::http {

/// Null when TLS is off. TLS 1.2 or what the settings demand, and ALPN that offers `http/1.1` only (RFC 7301): a client
/// that insists on another protocol is refused in the handshake. Fails as net::make_server_context does.
result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const config::tls_settings& wanted);

} // namespace ferrule::http
