// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace ferrule::probes::http {

namespace {

struct url_free {
    void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
};

using handle = std::unique_ptr<CURLU, url_free>;

sdk::error refused(CURLUcode why) {
    return {"invalid_url", curl_url_strerror(why)};
}

/// A part of the URL, empty when it has none.
std::string part(const handle& of, CURLUPart which, unsigned flags = 0) {
    char* raw = nullptr;
    if (curl_url_get(of.get(), which, &raw, flags) != CURLUE_OK) {
        return {};
    }
    const std::unique_ptr<char, decltype(&curl_free)> held(raw, &curl_free);
    return raw;
}

sdk::result<url> read(const handle& from, std::uint16_t fallback_port = 0) {
    url made;
    const auto scheme = part(from, CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") {
        return sdk::error("invalid_url", "its scheme is '" + scheme + "'; only http and https can be measured");
    }
    made.secure = scheme == "https";
    char* raw = nullptr;
    if (const auto bad = curl_url_get(from.get(), CURLUPART_HOST, &raw, 0); bad != CURLUE_OK) {
        return refused(bad);
    }
    made.host = raw;
    curl_free(raw);
    if (made.host.starts_with('[') && made.host.ends_with(']')) {
        made.host = made.host.substr(1, made.host.size() - 2);
    }
    if (std::any_of(made.host.begin(), made.host.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7e; })) {
        return sdk::error("invalid_url", "its host has letters beyond ASCII; write it as the DNS has it (xn--…)");
    }
    const auto port = part(from, CURLUPART_PORT, fallback_port == 0 ? CURLU_DEFAULT_PORT : 0);
    made.port = fallback_port;
    std::from_chars(port.data(), port.data() + port.size(), made.port);
    if (made.port == 0) {
        return sdk::error("invalid_url", "its port must be from 1 to 65535");
    }
    made.target = part(from, CURLUPART_PATH);
    if (const auto query = part(from, CURLUPART_QUERY); !query.empty()) {
        made.target += '?' + query;
    }
    made.user = part(from, CURLUPART_USER, CURLU_URLDECODE);
    made.password = part(from, CURLUPART_PASSWORD, CURLU_URLDECODE);
    return made;
}

constexpr unsigned lenient = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME; // blanks in paths are encoded

} // namespace

sdk::result<url> url::parse(std::string_view text, std::uint16_t fallback_port) {
    const handle made(curl_url());
    const auto whole = text.find("://") == std::string_view::npos ? "http://" + std::string(text) : std::string(text);
    if (const auto bad = curl_url_set(made.get(), CURLUPART_URL, whole.c_str(), lenient); bad != CURLUE_OK) {
        return refused(bad);
    }
    return read(made, fallback_port);
}

sdk::result<url> url::follow(std::string_view location) const {
    const handle made(curl_url());
    if (const auto bad = curl_url_set(made.get(), CURLUPART_URL, whole().c_str(), lenient); bad != CURLUE_OK) {
        return refused(bad);
    }
    const std::string relative(location);
    if (const auto bad = curl_url_set(made.get(), CURLUPART_URL, relative.c_str(), lenient); bad != CURLUE_OK) {
        return refused(bad);
    }
    auto next = read(made);
    if (next) {
        next->user.clear();
        next->password.clear();
    }
    return next;
}

std::string url::authority() const {
    auto made = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != (secure ? 443 : 80)) {
        made += ":" + std::to_string(port);
    }
    return made;
}

std::string url::host_and_port() const {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string url::text() const {
    return (secure ? "https://" : "http://") + authority() + target.substr(0, target.find('?'));
}

std::string url::whole() const {
    return (secure ? "https://" : "http://") + authority() + target;
}

bool url::same_origin(const url& other) const noexcept {
    return secure == other.secure && port == other.port && host == other.host;
}

} // namespace ferrule::probes::http
