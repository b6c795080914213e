// SPDX-License-Identifier: Apache-2.0
// nginx, tinyproxy and microsocks on loopback.
#pragma once

#include "plugins/probes/child.hpp"
#include "plugins/probes/pki.hpp"
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>

namespace ferrule::probes_test {

/// nginx with one port for http and one for https with HTTP/2, both inherited, so that nobody else takes them
/// meanwhile.
class web_server {
  public:
    /// `locations` goes into both servers, `more` into the one with TLS. Needs `available()`.
    explicit web_server(const std::string& locations, const certificate_spec& spec = {}, const std::string& more = {});

    static bool available();

    [[nodiscard]] std::string http(const std::string& path = "/", const std::string& host = "127.0.0.1") const;
    [[nodiscard]] std::string https(const std::string& path = "/", const std::string& host = "localhost") const;

    /// Settings that trust its certificate.
    [[nodiscard]] json trust() const { return {{"ca_file", ca_file_}}; }

    [[nodiscard]] const scratch& files() const noexcept { return files_; }

    [[nodiscard]] std::uint16_t plain_port() const noexcept { return plain_.port(); }

    [[nodiscard]] std::uint16_t tls_port() const noexcept { return tls_.port(); }

    /// A certificate and key of its authority for a client: {client_cert, client_key}.
    [[nodiscard]] json client_files() const;

  private:
    void write_pair(const std::string& name, SSL_CTX* of) const;

    authority ca_;
    scratch files_;
    std::string ca_file_;
    bound_socket plain_{SOCK_STREAM};
    bound_socket tls_{SOCK_STREAM};
    std::unique_ptr<child> process_;
};

/// tinyproxy, which takes and opens connections on loopback.
class proxy_server {
  public:
    explicit proxy_server(const std::string& more = {});

    static bool available();

    [[nodiscard]] std::string url(const std::string& login = {}) const;

  private:
    scratch files_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> process_;
};

/// microsocks, which takes connections on loopback and makes them anywhere.
class socks_server {
  public:
    /// Whoever comes needs the login `user:password`; nobody does when it is empty.
    explicit socks_server(const std::string& login = {});

    static bool available();

    [[nodiscard]] std::string url(const std::string& scheme = "socks5", const std::string& login = {}) const;

  private:
    std::uint16_t port_ = 0;
    std::unique_ptr<child> process_;
};

} // namespace ferrule::probes_test
