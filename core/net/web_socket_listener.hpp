// Takes WebSockets from clients.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/web_socket.hpp"
#include "runtime/io.hpp"

namespace ferrule::net {

struct web_socket_listener_settings {
    std::vector<std::string> addresses; ///< As parse_listen_address reads them.
    std::size_t most_handshakes = 64;   ///< At once; see admission for who gets them.
    std::size_t most_waiting = 1024;    ///< Of those that wait for one; beyond it the kernel's queue fills.
    base::duration handshake_timeout = std::chrono::seconds(10);
    web_socket_limits limits;
    std::string setting; ///< Where the addresses come from, for complaints.
};

/// What the listener tells its owner; called on the connection's executor.
struct web_socket_events {
    std::function<void(std::shared_ptr<web_socket>)> opened;
    /// A handshake that came to nothing.
    std::function<void(const std::string& address, const error& why, const std::optional<tls_stream::refusal>&)> failed;
    certificate_judge judge;
};

/// Listens and shakes hands, a bounded number at a time: when a thousand clients come at once each gets its turn, those
/// that are connected are served meanwhile, and one that says nothing keeps nobody else waiting. Made and started on
/// any thread; all else is thread-safe.
class web_socket_listener {
  public:
    web_socket_listener(runtime::io& loop, web_socket_listener_settings wanted, web_socket_events tell);
    web_socket_listener(const web_socket_listener&) = delete;
    web_socket_listener& operator=(const web_socket_listener&) = delete;
    ~web_socket_listener();

    /// Binds every address, begins to accept. Fails with `listen_failed`; then nothing listens.
    result<void> start(tls_context context);
    /// For connections that come from now on.
    void replace_context(tls_context context);
    /// Accepts nothing more and ends handshakes under way; opened connections are their owner's.
    asio::awaitable<void> stop(base::duration grace);
    /// Where it listens, with the ports that were taken for `:0`.
    [[nodiscard]] std::vector<std::string> addresses() const;

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::net
