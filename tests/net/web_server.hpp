// A small HTTP server on loopback, with TLS when it is given a context, to be a client's counterpart.
#pragma once

#include "net/tls_context.hpp"
#include "runtime/io.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace test {

/// Answers by path: /hello; /echo with method, header X-Sent and body; /to/N redirects N times and ends at /hello;
/// /bytes/N gives N bytes; /silent never answers; /drop closes without an answer; /status/N.
class web_server {
  public:
    explicit web_server(ferrule::runtime::io& on, ferrule::net::tls_context tls = nullptr);
    web_server(const web_server&) = delete;
    web_server& operator=(const web_server&) = delete;
    ~web_server();

    /// Of a path on it, by name or by address.
    [[nodiscard]] std::string url(const std::string& path, const std::string& host = "127.0.0.1") const;
    [[nodiscard]] int connections() const;

    class impl;

  private:
    std::shared_ptr<impl> impl_;
};

} // namespace test
