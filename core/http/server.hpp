// Serves HTTP/1.1 on one or more addresses.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "runtime/io.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

class dispatcher;

/// The server: one coroutine a connection, each on a strand of its own. An address is `host:port`, `[ipv6]:port` or
/// `unix:/path` (TLS does not apply to the last). `loop` and `app` must outlive it, and the loop must have stopped or
/// stop() finished before it goes.
class server {
  public:
    server(runtime::io& loop, dispatcher& app, config::http_settings wanted);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    /// Reads the certificate, binds every address and begins to accept. Fails with `listen_failed` (the address and the
    /// system's reason) or the codes of net::make_server_context; then nothing listens.
    result<void> start();
    /// Stops accepting, ends idle connections and streams at once, lets running requests finish for at most `grace`,
    /// then cuts them off.
    asio::awaitable<void> stop(base::duration grace);

    /// Where it listens, with the ports that were taken for `:0`; in the order of the settings.
    [[nodiscard]] std::vector<std::string> addresses() const;
    [[nodiscard]] std::size_t connections() const;

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::http
