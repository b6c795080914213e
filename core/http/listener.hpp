// One address that is listened on.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>

#include "base/error.hpp"
#include "http/connection.hpp"

namespace ferrule::http {

/// Binds an address and hands each accepted socket to a connection. Its members are used on its own strand, open()
/// before that.
class listener : public std::enable_shared_from_this<listener> {
  public:
    listener(std::shared_ptr<server_state> shared, std::shared_ptr<asio::ssl::context> context);
    /// Removes the socket file of a Unix address.
    ~listener();

    /// As parse_listen_address reads it, or `unix:/path`. A Unix socket that nobody serves
    /// any more is replaced. Fails with `listen_failed`.
    result<void> open(const std::string& address);
    void start();
    /// Takes no more; from any thread.
    void stop();

    /// With the port that was taken for `:0`.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

  private:
    using acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

    result<void> open_unix(const std::string& path);
    result<void> open_tcp(const std::string& text);
    asio::awaitable<void> accept_loop();
    void take(any_socket socket);

    std::shared_ptr<server_state> shared_;
    std::shared_ptr<asio::ssl::context> context_;
    acceptor acceptor_;
    asio::steady_timer retry_;
    std::string address_;
    std::string unix_path_;
};

} // namespace ferrule::http
