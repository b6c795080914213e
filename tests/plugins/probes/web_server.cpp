// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/web_server.hpp"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace ferrule::probes_test {

namespace {

constexpr const char* nginx = "/usr/sbin/nginx";
constexpr const char* tinyproxy = "/usr/bin/tinyproxy";
constexpr const char* microsocks = "/usr/bin/microsocks";

template <class Write>
std::string pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    write(out.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

/// For a server that does not say when it is up, and cannot be given a socket that listens already.
void wait_for_listener(std::uint16_t port) {
    sockaddr_in from{}; // another address than the server's: a socket could meet itself at a port where nobody listens
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    bool there = false;
    while (!there && std::chrono::steady_clock::now() < last) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        there = ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0 &&
                ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
        ::close(fd);
        std::this_thread::yield();
    }
    if (!there) {
        throw std::runtime_error("nobody listens at the port " + std::to_string(port));
    }
}

/// Asks once and reads to the end, which blocks until the server is up.
void wait_for_answer(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const std::string text = "GET / HTTP/1.0\r\n\r\n";
    char c = 0;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0 &&
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
        while (::recv(fd, &c, 1, 0) > 0) {
        }
    }
    ::close(fd);
}

std::string listening(const std::string& at, const std::string& locations, const std::string& more) {
    return "  server { listen 127.0.0.1:" + at + "; server_name localhost; " + more + "\n" + locations + "\n }\n";
}

} // namespace

bool web_server::available() {
    return ::access(nginx, X_OK) == 0;
}

web_server::web_server(const std::string& locations, const certificate_spec& spec, const std::string& more)
    : ca_file_(files_.write("ca.pem", ca_.pem())) {
    if (!available()) {
        throw std::runtime_error("nginx is not installed; scripts/test installs it");
    }
    write_pair("server", ca_.server(spec).get());
    ::listen(plain_.fd(), 64);
    ::listen(tls_.fd(), 64);
    const auto here = files_.path("");
    std::string temporary;
    for (const auto* each : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        temporary += "  " + std::string(each) + "_temp_path " + here + each + ";\n";
    }
    const auto config = files_.write(
        "nginx.conf",
        "daemon off; worker_processes 1; pid " + here + "pid; error_log stderr error;\n" +
            (::getuid() == 0 ? "user root;\n" : "") + "events {}\nhttp {\n  access_log off;\n" + temporary + "  root " +
            here + ";\n" + listening(std::to_string(plain_.port()), locations, {}) +
            listening(std::to_string(tls_.port()) + " ssl http2", locations,
                      "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate " + here + "server.pem; ssl_certificate_key " +
                          here + "server.key; ssl_client_certificate " + ca_file_ + "; " + more) +
            "}\n");
    process_ =
        std::make_unique<child>(std::vector<std::string>{nginx, "-e", "stderr", "-p", here, "-c", config}, SIGTERM,
                                std::vector{plain_.fd(), tls_.fd()}, std::vector<std::string>{"NGINX=3;4;"});
    wait_for_answer(plain_.port()); // a signal to end that comes before it has its workers would be lost
}

void web_server::write_pair(const std::string& name, SSL_CTX* of) const {
    files_.write(name + ".pem", pem([&](BIO* out) { PEM_write_bio_X509(out, SSL_CTX_get0_certificate(of)); }));
    files_.write(name + ".key", pem([&](BIO* out) {
                     PEM_write_bio_PrivateKey(out, SSL_CTX_get0_privatekey(of), nullptr, nullptr, 0, nullptr, nullptr);
                 }));
}

std::string web_server::http(const std::string& path, const std::string& host) const {
    return "http://" + host + ":" + std::to_string(plain_.port()) + path;
}

std::string web_server::https(const std::string& path, const std::string& host) const {
    return "https://" + host + ":" + std::to_string(tls_.port()) + path;
}

json web_server::client_files() const {
    write_pair("client", ca_.server({"DNS:client.test", -10, 3600}).get());
    return {{"client_cert", files_.path("client.pem")}, {"client_key", files_.path("client.key")}};
}

bool proxy_server::available() {
    return ::access(tinyproxy, X_OK) == 0;
}

proxy_server::proxy_server(const std::string& more) {
    if (!available()) {
        throw std::runtime_error("tinyproxy is not installed; scripts/test installs it");
    }
    port_ = bound_socket(SOCK_STREAM).port();
    const auto config = files_.write("proxy.conf", "Port " + std::to_string(port_) +
                                                       "\nListen 127.0.0.1\nTimeout 30\nLogLevel Info\n"
                                                       "MaxClients 10\nAllow 127.0.0.1\n" +
                                                       more);
    process_ = std::make_unique<child>(std::vector<std::string>{tinyproxy, "-d", "-c", config}, SIGKILL);
    process_->wait_for("Accepting connections");
}

std::string proxy_server::url(const std::string& login) const {
    return "http://" + (login.empty() ? login : login + "@") + "127.0.0.1:" + std::to_string(port_);
}

bool socks_server::available() {
    return ::access(microsocks, X_OK) == 0;
}

socks_server::socks_server(const std::string& login) {
    if (!available()) {
        throw std::runtime_error("microsocks is not installed; scripts/test installs it");
    }
    port_ = bound_socket(SOCK_STREAM).port();
    std::vector<std::string> command{microsocks, "-i", "127.0.0.1", "-p", std::to_string(port_)};
    if (!login.empty()) {
        const auto colon = login.find(':');
        command.insert(command.end(), {"-u", login.substr(0, colon), "-P", login.substr(colon + 1)});
    }
    process_ = std::make_unique<child>(std::move(command), SIGKILL);
    wait_for_listener(port_); // it says nothing
}

std::string socks_server::url(const std::string& scheme, const std::string& login) const {
    return scheme + "://" + (login.empty() ? login : login + "@") + "127.0.0.1:" + std::to_string(port_);
}

} // namespace ferrule::probes_test
