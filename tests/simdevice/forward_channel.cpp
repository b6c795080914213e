#include "simdevice/forward_channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrule::simdevice {

namespace {

constexpr std::size_t backlog_limit = 64 * 1024;

} // namespace

int forward_connect::begin(const std::string& host, int port, const port_lookup& devices) {
    auto address = host == "localhost" ? std::string("127.0.0.1") : host;
    auto service = std::to_string(port);
    if (const auto known = devices(host)) {
        address = "127.0.0.1";
        service = std::to_string(*known);
    }
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV; // so that this never asks a name server
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.c_str(), service.c_str(), &hints, &found) != 0) {
        return -1;
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

bool forward_connect::succeeded(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

forward_channel::forward_channel(channel_host& host, ssh_channel handle, int fd)
    : channel(host, handle)
    , fd_(fd) {
    watch_socket();
}

forward_channel::~forward_channel() {
    host_.loop().forget(fd_, *this);
    close(fd_);
}

void forward_channel::on_ready(std::uint32_t) {
    host_.wake();
}

void forward_channel::watch_socket() {
    std::uint32_t events = 0;
    if (!socket_eof_ && outbox_.size() < backlog_limit) {
        events |= EPOLLIN;
    }
    if (!inbox_.empty()) {
        events |= EPOLLOUT;
    }
    if (events == 0) { // hang-ups are reported whether asked for or not, and would spin
        host_.loop().forget(fd_, *this);
    } else {
        host_.loop().watch(fd_, events, *this);
    }
}

bool forward_channel::write_socket() {
    if (inbox_.empty() || shut_down_) {
        return false;
    }
    const auto sent = ::send(fd_, inbox_.data(), inbox_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
        inbox_.erase(0, static_cast<std::size_t>(sent));
        return true;
    }
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        inbox_.clear();
        socket_eof_ = true;
    }
    return false;
}

bool forward_channel::read_socket() {
    if (socket_eof_ || outbox_.size() >= backlog_limit) {
        return false;
    }
    std::array<char, 16 * 1024> buffer{};
    const auto got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
        outbox_.append(buffer.data(), static_cast<std::size_t>(got));
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        socket_eof_ = true;
        return true;
    }
    return false;
}

bool forward_channel::service() {
    if (finished()) {
        return false;
    }
    bool progress = write_socket();
    progress = read_socket() || progress;
    progress = (host_.writable() && send()) || progress;
    if (peer_eof_ && inbox_.empty() && !shut_down_) {
        shut_down_ = true;
        shutdown(fd_, SHUT_WR);
    }
    if (socket_eof_ && outbox_.empty() && !sent_eof_) {
        sent_eof_ = true;
        ssh_channel_send_eof(handle());
        progress = true;
    }
    if (peer_closed_ || (sent_eof_ && (peer_eof_ || inbox_.empty()))) {
        finish();
        host_.loop().forget(fd_, *this);
        return true;
    }
    watch_socket();
    return progress;
}

} // namespace ferrule::simdevice
