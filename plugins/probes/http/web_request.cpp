// SPDX-License-Identifier: Apache-2.0
#include "http/web_request.hpp"

namespace ferrule::probes::http {

namespace {

void add_line(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

void add_proxy_lines(std::string& to, const settings& how) {
    if (!how.proxy->user.empty() || !how.proxy->password.empty()) {
        add_line(to, "Proxy-Authorization", basic_credentials(how.proxy->user, how.proxy->password));
    }
    for (const auto& [name, value] : how.proxy_headers) {
        add_line(to, name, value);
    }
}

} // namespace

std::string basic_credentials(const std::string& user, const std::string& password) {
    static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto plain = user + ':' + password;
    std::string out = "Basic ";
    for (std::size_t i = 0; i < plain.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return at < plain.size() ? static_cast<unsigned char>(plain[at]) : 0u;
        };
        const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        out += letters[group >> 18];
        out += letters[group >> 12 & 63];
        out += i + 1 < plain.size() ? letters[group >> 6 & 63] : '=';
        out += i + 2 < plain.size() ? letters[group & 63] : '=';
    }
    return out;
}

request::request(const settings& how, url to)
    : how_(&how)
    , to_(std::move(to))
    , first_(to_)
    , method_(!how.method.empty() ? how.method
              : how.body.empty()  ? "GET"
                                  : "POST")
    , body_(how.body) {}

std::string request::authority() const {
    const auto* given = home_ ? find_header(how_->headers, "host") : nullptr;
    return given != nullptr ? *given : to_.authority();
}

header_list request::headers() const {
    header_list made;
    const auto* agent = home_ ? find_header(how_->headers, "user-agent") : nullptr;
    made.emplace_back("User-Agent", agent != nullptr ? *agent : "ferrule");
    const bool asks = home_ && find_header(how_->headers, "accept-encoding") != nullptr;
    if (how_->compression_asked && !how_->compression.empty() && !asks) {
        made.emplace_back("Accept-Encoding", how_->compression);
    }
    bool authorized = false;
    if (home_) {
        for (const auto& [name, value] : how_->headers) {
            if (same_name(name, "host") || same_name(name, "user-agent")) {
                continue;
            }
            authorized = authorized || same_name(name, "authorization");
            made.emplace_back(name, value);
        }
        if (!authorized && !how_->authorization.empty()) {
            made.emplace_back("Authorization", how_->authorization);
        }
    }
    if (!body_.empty() || method_ == "POST" || method_ == "PUT" || method_ == "PATCH") {
        made.emplace_back("Content-Length", std::to_string(body_.size()));
    }
    return made;
}

std::string request::text(bool through_proxy) const {
    std::string made;
    made.reserve(256 + body_.size());
    made.append(method_).append(" ").append(through_proxy ? to_.whole() : to_.target).append(" HTTP/1.1\r\n");
    add_line(made, "Host", authority());
    for (const auto& [name, value] : headers()) {
        add_line(made, name, value);
    }
    if (through_proxy) {
        add_proxy_lines(made, *how_);
    }
    made.append("Connection: close\r\n\r\n").append(body_);
    return made;
}

tls_settings request::tls() const {
    auto made = how_->tls_config;
    made.alpn = how_->http2 ? std::string("\x02h2\x08http/1.1", 12) : std::string("\x08http/1.1", 9);
    if (!home_) {
        made.server_name.clear();
        made.client_cert.clear();
        made.client_key.clear();
    } else if (made.server_name.empty()) {
        if (const auto* given = find_header(how_->headers, "host")) { // the name that the server goes by
            const auto named = url::parse("https://" + *given);
            made.server_name = named ? named->host : std::string();
        }
    }
    return made;
}

bool request::is_redirect(const response_head& head) noexcept {
    const bool code =
        head.status == 301 || head.status == 302 || head.status == 303 || head.status == 307 || head.status == 308;
    return code && find_header(head.headers, "location") != nullptr;
}

std::optional<std::string> request::follow(const response_head& head) {
    auto next = to_.follow(*find_header(head.headers, "location"));
    if (!next) {
        return "its redirect leads to no URL that can be measured: " + next.error().message() + ".";
    }
    const bool home = home_ && next->same_origin(first_);
    if (head.status == 307 || head.status == 308) {
        if (!body_.empty() && !home) {
            return "it redirects to " + next->text() + ", another server, which would get the body; measure that one.";
        }
    } else if (method_ != "HEAD") {
        method_ = "GET";
        body_.clear();
    }
    home_ = home;
    to_ = std::move(*next);
    return std::nullopt;
}

std::string connect_text(const url& to, const settings& how) {
    std::string made = "CONNECT " + to.host_and_port() + " HTTP/1.1\r\n";
    add_line(made, "Host", to.host_and_port());
    add_proxy_lines(made, how);
    made += "\r\n";
    return made;
}

} // namespace ferrule::probes::http
