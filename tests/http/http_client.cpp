#include "http/http_client.hpp"

#include "base/strings.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace ferrule::http_test {

namespace {

constexpr int patience_seconds = 60;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

int connect_to(const std::string& address) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (address.starts_with("unix:")) {
        auto& at = reinterpret_cast<sockaddr_un&>(storage);
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, address.c_str() + 5, sizeof at.sun_path - 1);
        size = sizeof at;
    } else {
        auto& at = reinterpret_cast<sockaddr_in&>(storage);
        at.sin_family = AF_INET;
        const auto colon = address.rfind(':');
        at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
        inet_pton(AF_INET, address.substr(0, colon).c_str(), &at.sin_addr);
        size = sizeof at;
    }
    const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{patience_seconds, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
        const std::string why = std::strerror(errno);
        ::close(fd);
        fail("cannot connect to " + address + ": " + why);
    }
    return fd;
}

} // namespace

std::string reply::header(const std::string& name) const {
    const auto at = headers.find(name);
    return at == headers.end() ? std::string() : at->second;
}

client::client(const std::string& address)
    : fd_(connect_to(address)) {}

client::client(const std::string& address, const tls_offer& offer)
    : client(address) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_load_verify_locations(context_.get(), offer.trusted.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_security_level(context_.get(), 0); // so that old versions can be offered at all
    SSL_CTX_set_min_proto_version(context_.get(), offer.least_version);
    SSL_CTX_set_max_proto_version(context_.get(), offer.most_version);
    ssl_.reset(SSL_new(context_.get()));
    if (!offer.alpn.empty()) {
        const std::string wire = std::string(1, static_cast<char>(offer.alpn.size())) + offer.alpn;
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned>(wire.size()));
    }
    SSL_set_fd(ssl_.get(), fd_);
    if (SSL_connect(ssl_.get()) != 1)
        fail("the TLS handshake failed");
}

client::client(client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1))
    , context_(std::move(other.context_))
    , ssl_(std::move(other.ssl_))
    , buffer_(std::move(other.buffer_)) {}

client::~client() {
    if (fd_ >= 0)
        ::close(fd_);
}

void client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto size = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                               : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0 && !ssl_ && errno == EINTR)
            continue;
        if (size <= 0)
            fail("the server does not take what is sent");
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

void client::request(std::string_view method_and_target, std::string_view headers, std::string_view body) {
    std::string text(method_and_target);
    text.append(" HTTP/1.1\r\nHost: test\r\n").append(headers);
    if (!body.empty())
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    text.append("\r\n").append(body);
    send(text);
}

// Zero at the end of the stream, also when it ends with a reset.
std::size_t client::receive() {
    char piece[16384];
    ssize_t size = 0;
    do // the end of a child interrupts it
        size = ssl_ ? static_cast<ssize_t>(SSL_read(ssl_.get(), piece, sizeof piece))
                    : ::recv(fd_, piece, sizeof piece, 0);
    while (size < 0 && !ssl_ && errno == EINTR);
    if (size < 0 && !ssl_ && errno == EAGAIN)
        fail("the server neither answered nor closed; so far: " + buffer_);
    if (size <= 0)
        return 0;
    buffer_.append(piece, static_cast<std::size_t>(size));
    return static_cast<std::size_t>(size);
}

std::string client::take_line() {
    for (;;) {
        if (const auto end = buffer_.find("\r\n"); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 2);
            return line;
        }
        if (receive() == 0)
            fail("the server closed in the middle of a response: " + buffer_);
    }
}

reply client::read(bool head) {
    reply got;
    const auto status = take_line();
    if (!status.starts_with("HTTP/1.1 "))
        fail("not a status line: " + status);
    got.status = static_cast<unsigned>(std::stoul(status.substr(9, 3)));
    for (auto line = take_line(); !line.empty(); line = take_line()) {
        const auto colon = line.find(':');
        got.headers[base::to_lower(line.substr(0, colon))] = base::trim(line.substr(colon + 1));
    }
    if (head || got.status == 204 || got.status == 100)
        return got;
    if (got.header("transfer-encoding") == "chunked") {
        for (;;) {
            const auto size = std::stoul(take_line(), nullptr, 16);
            while (buffer_.size() < size + 2)
                if (receive() == 0)
                    fail("the server closed in the middle of a chunk");
            got.body += buffer_.substr(0, size);
            buffer_.erase(0, size + 2);
            if (size == 0)
                return got;
        }
    }
    const auto size = std::stoul(got.header("content-length"));
    while (buffer_.size() < size)
        if (receive() == 0)
            fail("the server closed in the middle of a body");
    got.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return got;
}

std::string client::read_to_end() {
    while (receive() > 0) {
    }
    return std::exchange(buffer_, {});
}

std::string client::read_until(std::string_view text) {
    for (;;) {
        if (const auto at = buffer_.find(text); at != std::string::npos) {
            auto found = buffer_.substr(0, at + text.size());
            buffer_.erase(0, at + text.size());
            return found;
        }
        if (receive() == 0)
            fail("the server closed before \"" + std::string(text) + "\" came: " + buffer_);
    }
}

void client::reset() {
    const linger abrupt{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    ::close(std::exchange(fd_, -1));
}

void client::half_close() {
    ::shutdown(fd_, SHUT_WR);
}

std::string client::tls_version() const {
    return SSL_get_version(ssl_.get());
}

std::string client::alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

reply ask(const std::string& address, std::string_view method_and_target, std::string_view headers,
          std::string_view body) {
    client connection(address);
    connection.request(method_and_target, headers, body);
    return connection.read(method_and_target.starts_with("HEAD "));
}

} // namespace ferrule::http_test
