#include "http_load/client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrule::bench {

namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

constexpr std::string_view last_chunk = "\r\n0\r\n\r\n";

const char* find_in(std::string_view head, std::string_view name) {
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return std::search(head.begin(), head.end(), name.begin(), name.end(), same);
}

std::size_t length_of(std::string_view head) {
    constexpr std::string_view name = "\r\ncontent-length:";
    const auto* const at = find_in(head, name);
    if (at == head.end())
        throw std::runtime_error("an answer without a Content-Length: " + std::string(head.substr(0, 200)));
    const auto* digits = at + name.size();
    while (digits != head.end() && *digits == ' ')
        ++digits;
    std::size_t length = 0;
    std::from_chars(digits, head.end(), length);
    return length;
}

} // namespace

client::client(const std::string& host, unsigned short port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1)
        throw std::runtime_error(host + " is not an IPv4 address");
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
        fail("cannot connect to " + host + ":" + std::to_string(port));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

client::client(client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1))
    , input_(std::move(other.input_)) {}

client::~client() {
    if (fd_ >= 0)
        ::close(fd_);
}

void client::send(std::string_view message) {
    input_.clear();
    expected_ = 0;
    chunked_ = false;
    sent_at_ = ticks::now();
    while (!message.empty()) {
        const auto wrote = ::send(fd_, message.data(), message.size(), MSG_NOSIGNAL);
        if (wrote < 0)
            fail("cannot send");
        message.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

bool client::receive() {
    std::array<char, 16 * 1024> piece;
    const auto got = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got < 0)
        fail("cannot receive");
    if (got == 0)
        throw std::runtime_error("the server closed a connection that was to be kept");
    input_.append(piece.data(), static_cast<std::size_t>(got));
    const bool whole = (expected_ != 0 || read_head()) && input_.size() >= expected_ &&
                       (!chunked_ || std::string_view(input_).ends_with(last_chunk));
    if (whole && chunked_)
        join_chunks();
    return whole;
}

void client::join_chunks() {
    auto body = input_.substr(expected_);
    input_.resize(expected_);
    for (std::size_t at = 0, size = 0; at < body.size(); at += size + 2) {
        const auto end = body.find("\r\n", at);
        size = 0;
        std::from_chars(body.data() + at, body.data() + end, size, 16);
        if (size == 0)
            break;
        at = end + 2;
        input_.append(body, at, size);
    }
}

bool client::read_head() {
    const auto end = input_.find("\r\n\r\n");
    if (end == std::string::npos)
        return false;
    std::from_chars(input_.data() + std::strlen("HTTP/1.1 "), input_.data() + end, status_);
    const auto head = std::string_view(input_).substr(0, end + 2);
    chunked_ = find_in(head, "\r\ntransfer-encoding: chunked\r\n") != head.end();
    expected_ = end + 4 + (chunked_ ? 0 : length_of(head));
    return true;
}

} // namespace ferrule::bench
