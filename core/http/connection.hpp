// One client's connection: reads requests, has them answered, writes the responses.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

#include "http/server_state.hpp"

namespace ferrule::http {

/// TCP and Unix sockets alike.
using any_socket = asio::generic::stream_protocol::socket;

/// Serves the connection until it ends; `pass` is given back then. Runs on the socket's executor.
void serve_plain(std::shared_ptr<server_state> shared, any_socket socket, std::string peer, runtime::gate::pass pass);
void serve_tls(std::shared_ptr<server_state> shared, any_socket socket, std::string peer, runtime::gate::pass pass,
               std::shared_ptr<asio::ssl::context> context);
/// Tells a client that comes over the limit so (503), then closes. For plain connections; `pass` as above.
void serve_refusal(any_socket socket, runtime::gate::pass pass);

} // namespace ferrule::http
