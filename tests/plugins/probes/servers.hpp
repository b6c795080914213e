// SPDX-License-Identifier: Apache-2.0
// Small servers on loopback that do exactly what a test wants of them.
#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ferrule::probes_test {

/// A socket bound to a free port of an address of this machine.
class bound_socket {
  public:
    explicit bound_socket(int type, const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    bound_socket(const bound_socket&) = delete;
    bound_socket& operator=(const bound_socket&) = delete;
    ~bound_socket();

    [[nodiscard]] int fd() const noexcept { return fd_; }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  private:
    int fd_;
    std::uint16_t port_ = 0;
};

/// The server's side of a connection; its functions block.
class peer {
  public:
    peer(int fd, std::string address)
        : fd_(fd)
        , address_(std::move(address)) {}

    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer();

    void say(const std::string& text);
    /// Up to and with the end; less when the client ends before.
    std::string hear_to(const std::string& end);
    std::string hear(std::size_t count);
    /// How the client ended the connection: 0 for an orderly end, else an errno.
    int end();
    /// Speaks TLS from now on; false when the handshake fails.
    bool secure(SSL_CTX* context);

    /// Where the client connected from; empty for IPv6.
    [[nodiscard]] const std::string& address() const { return address_; }

  private:
    int read(char* into, std::size_t size);

    int fd_;
    std::string address_;
    std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, &SSL_free};
};

/// Serves one connection after the other with `serve` until it goes.
class tcp_server {
  public:
    using handler = std::function<void(peer&)>;

    explicit tcp_server(handler serve, const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    ~tcp_server();

    [[nodiscard]] std::uint16_t port() const noexcept { return socket_.port(); }

    /// Waits until so many connections were served in all, and takes no more.
    void stop(int connections = 1);

  private:
    void run();

    bound_socket socket_;
    handler serve_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int served_ = 0;
    std::thread thread_;
};

/// Answers each datagram with those that `answer` gives, until it goes.
class udp_server {
  public:
    using handler = std::function<std::vector<std::string>(const std::string& datagram)>;

    explicit udp_server(handler answer, std::uint16_t port = 0);
    ~udp_server();

    [[nodiscard]] std::uint16_t port() const noexcept { return socket_.port(); }

  private:
    void run();

    bound_socket socket_;
    handler answer_;
    std::thread thread_;
};

} // namespace ferrule::probes_test
