// SPDX-License-Identifier: Apache-2.0
#include "http/socks_handshake.hpp"

#include "common/endpoint.hpp"

#include <array>

namespace ferrule::probes::http {

namespace {

constexpr char version = 5;
constexpr char login_version = 1;
constexpr char no_login = 0;
constexpr char by_password = 2;
constexpr char connect = 1;
constexpr std::uint8_t none_of_them = 0xff;
constexpr std::size_t longest = 255; // of a text behind a byte with its length

enum address_type : char { ip4 = 1, name = 3, ip6 = 4 };

std::string_view refusal_text(std::uint8_t code) {
    constexpr std::array<std::string_view, 9> texts{"",
                                                    "general failure of the proxy",
                                                    "its rules do not allow it",
                                                    "network unreachable",
                                                    "host unreachable",
                                                    "connection refused",
                                                    "TTL expired",
                                                    "it does not know the command CONNECT",
                                                    "it does not know this type of address"};
    return code < texts.size() ? texts[code] : "a reason that RFC 1928 does not know";
}

std::string with_length(const std::string& text) {
    return static_cast<char>(text.size()) + text;
}

} // namespace

socks_handshake::socks_handshake(const url& proxy, const url& to)
    : user_(proxy.user)
    , password_(proxy.password)
    , to_(to) {
    if (to_.host.size() > longest) {
        problem_ = "cannot be asked for a host whose name has more than 255 bytes.";
    } else if (user_.empty() && password_.empty()) {
        output_ = {version, 1, no_login};
    } else {
        output_ = {version, 2, no_login, by_password};
    }
}

std::string socks_handshake::output() {
    std::string text;
    text.swap(output_);
    return text;
}

std::string_view socks_handshake::waiting_for() const noexcept {
    return at_ == state::method  ? "answer of the SOCKS proxy"
           : at_ == state::login ? "answer of the SOCKS proxy to the login"
                                 : "reply of the SOCKS proxy to the request for a connection";
}

void socks_handshake::put(std::string_view bytes) {
    while (!bytes.empty() && !done() && !failed()) {
        const auto piece = bytes.substr(0, wanted());
        got_.append(piece);
        bytes.remove_prefix(piece.size());
        if (wanted() != 0) {
            continue;
        }
        switch (at_) {
        case state::method:
            take_method();
            break;
        case state::login:
            take_login();
            break;
        case state::reply:
        case state::open:
            take_reply();
            break;
        }
    }
}

void socks_handshake::end() {
    problem_ = "ended the connection instead of giving the " + std::string(waiting_for()) + ".";
}

void socks_handshake::take_method() {
    const bool has_login = !user_.empty() || !password_.empty();
    if (got_[0] != version) {
        problem_ = "does not speak SOCKS5: its answer begins with the byte " + std::to_string(byte(0)) + ", not 5.";
    } else if (got_[1] == no_login) {
        ask();
    } else if (got_[1] == by_password && has_login) {
        output_ = login_version + with_length(user_) + with_length(password_);
        expect(state::login, 2);
    } else if (byte(1) == none_of_them) {
        problem_ = has_login ? "takes neither the login by user and password nor none at all."
                             : "wants a login; proxy_url has none.";
    } else {
        problem_ = "chose the login method " + std::to_string(byte(1)) + ", which it was not offered.";
    }
}

void socks_handshake::take_login() {
    if (got_[0] != login_version) {
        problem_ = "answers the login with the version " + std::to_string(byte(0)) + ", which RFC 1929 does not know.";
    } else if (got_[1] != 0) {
        problem_ = "refuses the user or the password of proxy_url.";
    } else {
        ask();
    }
}

void socks_handshake::ask() {
    output_ = {version, connect, 0};
    if (const auto literal = parse_address(to_.host)) {
        output_ += literal->is_v6() ? ip6 : ip4;
        output_.append(reinterpret_cast<const char*>(literal->raw().bytes), literal->is_v6() ? 16 : 4);
    } else {
        output_ += name;
        output_ += with_length(to_.host);
    }
    output_ += static_cast<char>(to_.port >> 8);
    output_ += static_cast<char>(to_.port & 0xff);
    expect(state::reply, 4);
}

// Version, reply, zero, type of address; then an address and a port, which say nothing to us, but end the reply.
void socks_handshake::take_reply() {
    if (got_[0] != version) {
        problem_ = "replies with the version " + std::to_string(byte(0)) + " of SOCKS, not 5.";
        return;
    }
    if (got_[1] != 0) {
        problem_ = "opens no connection to " + to_.host_and_port() + ": " + std::string(refusal_text(byte(1))) + " (" +
                   std::to_string(byte(1)) + ").";
        return;
    }
    constexpr std::size_t head = 4;
    constexpr std::size_t port = 2;
    switch (got_[3]) {
    case ip4:
        needed_ = head + 4 + port;
        break;
    case ip6:
        needed_ = head + 16 + port;
        break;
    case name:
        needed_ = head + 1 + (got_.size() > head ? byte(head) + port : 0);
        break;
    default:
        problem_ = "replies with the type of address " + std::to_string(byte(3)) + ", which RFC 1928 does not know.";
        return;
    }
    if (wanted() == 0) {
        at_ = state::open;
    }
}

void socks_handshake::expect(state next, std::size_t bytes) {
    got_.clear();
    needed_ = bytes;
    at_ = next;
}

} // namespace ferrule::probes::http
