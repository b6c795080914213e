// SPDX-License-Identifier: Apache-2.0
#include "http/settings.hpp"

#include "http/web_request.hpp"

#include <algorithm>

namespace ferrule::probes::http {

namespace {

bool has_line_end(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    });
}

/// Headers that this probe writes by itself.
bool is_ours(std::string_view name) {
    return same_name(name, "content-length") || same_name(name, "transfer-encoding") || same_name(name, "connection");
}

void read_headers(settings_reader& from, std::string_view key, header_list& into) {
    const auto* given = from.find(key);
    if (given == nullptr) {
        return;
    }
    if (!given->is_object()) {
        from.wrong(key, "an object of texts");
    }
    into.clear();
    for (const auto& name : given->keys()) {
        const auto* value = given->find(name);
        const auto place = std::string(key) + "." + name;
        if (!value->is_text() || has_line_end(value->as_text())) { // its value may be a secret: never shown
            from.wrong(place, "a text without line ends");
        }
        if (!is_token(name)) {
            from.refuse(place, "this is no name of a header.");
        }
        if (is_ours(name)) {
            from.refuse(place, "the probe sets this header by itself; see 'body'.");
        }
        into.emplace_back(name, value->as_text());
    }
}

void read_login(settings_reader& from, std::string& authorization) {
    const bool basic = from.find("basic_auth") != nullptr;
    const bool bearer = from.find("bearer_token") != nullptr;
    if (basic && bearer) {
        from.refuse("bearer_token", "stands beside 'basic_auth'; give one of them.");
    }
    if (basic) {
        auto login = from.object("basic_auth");
        const auto user = login.text("username");
        const auto password = login.text("password");
        login.finish();
        if (user.find(':') != std::string::npos) {
            login.refuse("username", "cannot hold a colon in basic authentication.");
        }
        authorization = basic_credentials(user, password);
    } else if (bearer) {
        const auto token = from.text("bearer_token");
        if (token.empty() || has_line_end(token)) {
            from.wrong("bearer_token", "a text without line ends");
        }
        authorization = "Bearer " + token;
    }
}

/// What follows a scheme, whose case means nothing; the whole text where the scheme is another.
std::string_view after_scheme(std::string_view text, std::string_view scheme) {
    const auto end = text.find("://");
    return end != std::string_view::npos && same_name(text.substr(0, end), scheme) ? text.substr(end + 3) : text;
}

void read_socks(settings_reader& from, std::string_view place, settings& into) {
    constexpr std::size_t longest = 255; // a byte says how long they are
    const auto made = url::parse("http://" + std::string(place), 1080);
    if (!made) {
        from.refuse("proxy_url", "this is no URL: " + made.error().message() + ".");
    }
    if (made->user.size() > longest || made->password.size() > longest ||
        (made->user.empty() && !made->password.empty())) {
        from.refuse("proxy_url", "the user of a SOCKS proxy has 1 to 255 bytes, and the password at most 255.");
    }
    if (!into.proxy_headers.empty()) {
        from.refuse("proxy_headers", "belongs to an HTTP proxy; a SOCKS proxy takes no headers.");
    }
    into.proxy = *made;
    into.proxy_is_socks = true;
}

void read_proxy(settings_reader& from, settings& into) {
    read_headers(from, "proxy_headers", into.proxy_headers);
    const auto text = from.text("proxy_url");
    if (text.empty()) {
        return;
    }
    for (const auto* scheme : {"socks5", "socks5h"}) {
        if (const auto place = after_scheme(text, scheme); place.size() != text.size()) {
            read_socks(from, place, into);
            return;
        }
    }
    if (after_scheme(text, "http").size() == text.size()) {
        from.wrong("proxy_url", "the URL of a proxy that begins with http://, socks5:// or socks5h://");
    }
    const auto made = url::parse(text);
    if (!made) {
        from.refuse("proxy_url", "this is no URL: " + made.error().message() + ".");
    }
    into.proxy = *made;
    into.proxy_is_socks = false;
}

void read_request(settings_reader& from, settings& into) {
    into.secure = from.choice("scheme", into.secure ? "https" : "http", {"http", "https"}) == "https";
    into.path = from.text("path", into.path);
    if (!into.path.starts_with('/') || has_line_end(into.path) || into.path.find(' ') != std::string::npos) {
        from.wrong("path", "a path that begins with '/' and has no blanks (write %20)");
    }
    into.method = from.text("method", into.method);
    if (!into.method.empty() && (!is_token(into.method) || into.method == "CONNECT")) {
        from.wrong("method", "a method of HTTP such as GET, HEAD or POST");
    }
    read_headers(from, "headers", into.headers);
    into.body = from.text("body", into.body);
    read_login(from, into.authorization);
}

settings read(settings_reader& from, settings base) {
    base.route.read(from);
    base.tls_config.read(from.object("tls_config"));
    read_request(from, base);
    base.follow_redirects = from.flag("follow_redirects", base.follow_redirects);
    base.max_redirects = static_cast<int>(from.number("max_redirects", base.max_redirects, 1, 50));
    base.http2 = from.flag("http2", base.http2);
    if (from.find("compression") != nullptr) {
        const auto how = from.choice("compression", "none", {"none", "gzip", "deflate", "br", "any"});
        base.compression = how == "none" ? "" : how == "any" ? "gzip, deflate, br" : how;
    }
    base.compression_asked = from.flag("compression_asked", base.compression_asked);
    base.compression_required = from.flag("compression_required", base.compression_required);
    if (base.compression_required && base.compression.empty()) {
        from.refuse("compression_required", "no compression is accepted; see 'compression'.");
    }
    base.body_size_limit = static_cast<std::size_t>(
        from.number("body_size_limit", static_cast<std::int64_t>(base.body_size_limit), 1, 1 << 30));
    read_proxy(from, base);
    base.expect.read(from);
    from.finish();
    return base;
}

} // namespace

settings read_config(std::string_view text) {
    const auto config = sdk::json::parse(text.empty() ? "{}" : text).value();
    settings_reader from(config, "", "invalid_config");
    constexpr auto why = "belongs to a check: a default would go to every target, also to one that somebody names for "
                         "a single measurement.";
    for (const auto* key : {"headers", "basic_auth", "bearer_token", "proxy_headers"}) {
        if (from.find(key) != nullptr) {
            from.refuse(key, why);
        }
    }
    auto made = read(from, {});
    if (!made.tls_config.client_cert.empty()) {
        from.refuse("tls_config.client_cert", why);
    }
    return made;
}

settings read_target(const sdk::json& target, settings base) {
    settings_reader from(target, "", "invalid_target");
    from.find("host");
    from.find("port");
    from.find("url");
    auto made = read(from, std::move(base));
    place_of(target, made);
    return made;
}

url place_of(const sdk::json& target, const settings& how) {
    settings_reader from(target, "", "invalid_target");
    const auto host = from.text("host");
    const auto whole = from.text("url", host.find("://") != std::string::npos ? host : std::string());
    if (whole.empty() && host.empty()) {
        from.wrong("url", "given, or 'host'");
    }
    if (!whole.empty()) {
        if (from.find("port") != nullptr || (!host.empty() && host != whole)) {
            from.refuse("url", "stands beside 'host' or 'port'; it has its own.");
        }
        auto made = url::parse(whole);
        if (!made) {
            from.refuse("url", "this is no URL: " + made.error().message() + ".");
        }
        if (!made->user.empty() || !made->password.empty()) { // URLs are shown
            from.refuse("url", "has a user or a password, which would be shown; give them as 'basic_auth'.");
        }
        return *made;
    }
    url made;
    made.secure = how.secure;
    made.host = host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
    made.port = port_of(from, how.secure ? 443 : 80);
    made.target = how.path;
    if (made.host.find_first_of(std::string_view(" /?#@\r\n\0", 8)) != std::string::npos) {
        from.wrong("host", "a name or an address; give a 'url' for more");
    }
    return made;
}

} // namespace ferrule::probes::http
