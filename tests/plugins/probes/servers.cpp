// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/servers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace ferrule::probes_test {

namespace {

[[noreturn]] void give_up(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string address_of(const sockaddr_storage& from) {
    std::array<char, INET_ADDRSTRLEN> text{};
    if (from.ss_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&from)->sin_addr, text.data(), text.size());
    }
    return text.data();
}

/// Of a server's thread: OpenSSL writes without MSG_NOSIGNAL.
void without_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

} // namespace

bound_socket::bound_socket(int type, const std::string& address, std::uint16_t port)
    : fd_(-1) {
    sockaddr_storage raw{};
    socklen_t size = 0;
    if (address.find(':') != std::string::npos) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&raw);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr);
        size = sizeof(*v6);
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&raw);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        inet_pton(AF_INET, address.c_str(), &v4->sin_addr);
        size = sizeof(*v4);
    }
    fd_ = ::socket(raw.ss_family, type | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&raw), size) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size) != 0) {
        give_up("there is no port on loopback");
    }
    port_ = ntohs(reinterpret_cast<sockaddr_in*>(&raw)->sin_port); // at the same place in both families
}

bound_socket::~bound_socket() {
    ::close(fd_);
}

peer::~peer() {
    ::close(fd_);
}

void peer::say(const std::string& text) {
    if (tls_ != nullptr) {
        SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
    } else if (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) < 0) {
        give_up("the server could not send");
    }
}

int peer::read(char* into, std::size_t size) {
    return tls_ != nullptr ? SSL_read(tls_.get(), into, static_cast<int>(size))
                           : static_cast<int>(::recv(fd_, into, size, 0));
}

std::string peer::hear_to(const std::string& end) {
    std::string got;
    char c = 0;
    while (!got.ends_with(end) && read(&c, 1) == 1) {
        got += c;
    }
    return got;
}

std::string peer::hear(std::size_t count) {
    std::string got;
    char c = 0;
    while (got.size() < count && read(&c, 1) == 1) {
        got += c;
    }
    return got;
}

int peer::end() {
    std::array<char, 4096> rest{};
    while (true) {
        const auto got = ::recv(fd_, rest.data(), rest.size(), 0);
        if (got <= 0) {
            return got == 0 ? 0 : errno;
        }
    }
}

bool peer::secure(SSL_CTX* context) {
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), fd_);
    return SSL_accept(tls_.get()) == 1;
}

tcp_server::tcp_server(handler serve, const std::string& address, std::uint16_t port)
    : socket_(SOCK_STREAM, address, port)
    , serve_(std::move(serve)) {
    if (::listen(socket_.fd(), 16) != 0) {
        give_up("the server could not listen");
    }
    thread_ = std::thread([this] { run(); });
}

tcp_server::~tcp_server() {
    stop(0);
}

void tcp_server::stop(int connections) {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return served_ >= connections; });
    }
    if (thread_.joinable()) {
        ::shutdown(socket_.fd(), SHUT_RD);
        thread_.join();
    }
}

void tcp_server::run() {
    without_sigpipe();
    while (true) {
        sockaddr_storage from{};
        socklen_t size = sizeof(from);
        const int fd = ::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        {
            peer client(fd, address_of(from));
            try {
                serve_(client);
            } catch (const std::system_error&) { // the client has gone
            }
        }
        const std::lock_guard lock(mutex_);
        ++served_;
        changed_.notify_all();
    }
}

udp_server::udp_server(handler answer, std::uint16_t port)
    : socket_(SOCK_DGRAM, "127.0.0.1", port)
    , answer_(std::move(answer)) {
    thread_ = std::thread([this] { run(); });
}

udp_server::~udp_server() {
    ::shutdown(socket_.fd(), SHUT_RD); // wakes the thread, although it reports an error for a socket without a peer
    thread_.join();
}

void udp_server::run() {
    std::array<char, 65536> buffer{};
    while (true) {
        sockaddr_storage from{};
        socklen_t size = sizeof(from);
        const auto got =
            ::recvfrom(socket_.fd(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0 || size == 0) {
            return;
        }
        for (const auto& each : answer_(std::string(buffer.data(), static_cast<std::size_t>(got)))) {
            ::sendto(socket_.fd(), each.data(), each.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
        }
    }
}

} // namespace ferrule::probes_test
