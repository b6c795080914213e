#include "probes/blackbox/target.hpp"

#include "base/strings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace ferrule::probes::blackbox {

using base::json;

namespace {

error bad(std::string why) {
    return error("invalid_target", std::move(why));
}

int hex_value(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escape =
            text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
        out += escape ? static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])) : text[at];
        at += escape ? 2 : 0;
    }
    return out;
}

// Moves `user:password@` out of a URL.
std::optional<json> take_login(std::string& url) {
    const auto begin = url.find("://") + 3;
    const auto authority = std::string_view(url).substr(begin, url.find_first_of("/?#", begin) - begin);
    const auto at = authority.rfind('@');
    if (at == std::string_view::npos)
        return std::nullopt;
    const auto login = authority.substr(0, at);
    const auto colon = login.find(':');
    const auto password = colon == std::string_view::npos ? std::string_view() : login.substr(colon + 1);
    json made{{"username", percent_decoded(login.substr(0, colon))}, {"password", percent_decoded(password)}};
    url.erase(begin, at + 1);
    return made;
}

bool is_authorization(std::string_view header) {
    return base::equals_ignoring_case(header, "authorization");
}

// The login of a URL takes the place of the module's, unless that is a header as such.
void log_in(json login, const probe_module& of, json& into) {
    if (of.has_authorization_header)
        return;
    const auto settings = json::parse(of.settings, nullptr, false);
    into["basic_auth"] = std::move(login);
    if (settings.contains("bearer_token"))
        into["bearer_token"] = nullptr;
    auto headers = settings.value("headers", json::object());
    for (auto each = headers.begin(); each != headers.end();)
        each = is_authorization(each.key()) ? headers.erase(each) : std::next(each);
    if (headers != settings.value("headers", json::object()))
        into["headers"] = std::move(headers);
}

result<json> web_page(std::string_view target, const probe_module& of) {
    std::string url(target);
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        url = "http://" + url;
    // Blanks become %20 in a path and are refused in a host, by the probe.
    const bool plain =
        std::none_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    if (!plain)
        return bad("the target is no URL: it has control characters");
    auto login = take_login(url);
    json made{{"url", url}};
    if (login)
        log_in(std::move(*login), of, made);
    return made;
}

struct host_port {
    std::string_view host;
    std::string_view port; ///< Empty for none.
};

// `host:port` and `[ipv6]:port`; none for anything else, a bare IPv6 address included.
std::optional<host_port> split(std::string_view target) {
    if (target.starts_with('[')) {
        const auto end = target.find("]:");
        if (end == std::string_view::npos)
            return std::nullopt;
        return host_port{target.substr(1, end - 1), target.substr(end + 2)};
    }
    const auto colon = target.find(':');
    if (colon == std::string_view::npos || target.find(':', colon + 1) != std::string_view::npos)
        return std::nullopt;
    return host_port{target.substr(0, colon), target.substr(colon + 1)};
}

result<json> host_and_port(std::string_view target, std::uint16_t fallback) {
    const auto parts = split(target);
    if (!parts && fallback == 0)
        return bad("the target has no port: write HOST:PORT or [IPV6]:PORT");
    auto host = parts ? parts->host : target;
    if (!parts && host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    std::uint16_t port = fallback;
    if (parts) {
        const auto* end = parts->port.data() + parts->port.size();
        const auto [stopped, failed] = std::from_chars(parts->port.data(), end, port);
        if (failed != std::errc() || stopped != end || port == 0)
            return bad("the target's port must be a number from 1 to 65535");
    }
    if (host.empty())
        return bad("the target has no host before its port");
    return json{{"host", host}, {"port", port}};
}

} // namespace

result<json> place_of(std::string_view target, const probe_module& of) {
    if (target.find('\0') != std::string_view::npos)
        return bad("the target has a zero byte in it");
    switch (of.how) {
    case prober::http:
        return web_page(target, of);
    case prober::tcp:
        return host_and_port(target, 0);
    case prober::dns:
        return host_and_port(target, of.over_tls ? 853 : 53);
    case prober::icmp:
        break;
    }
    return json{{"host", target}};
}

} // namespace ferrule::probes::blackbox
