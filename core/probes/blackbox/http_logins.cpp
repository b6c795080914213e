#include "probes/blackbox/http_logins.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace ferrule::probes::blackbox {

using base::json;

namespace {

constexpr std::string_view no_newer = "leave it out, or keep blackbox_exporter for this module";

void read_basic(map_reader& from, section& to) {
    auto given = from.map("basic_auth");
    if (!given.given())
        return;
    const auto user = given.text("username").value_or("");
    const auto password = given.text("password").value_or("");
    auto file = read_file_path(given, "password_file", to);
    if (user.find(':') != std::string::npos)
        given.complain("username", "cannot hold a colon in basic authentication");
    if (!password.empty() && !file.empty())
        given.complain("password_file", "stands beside password; give one of them");
    for (const auto* key : {"username_file", "username_ref", "password_ref"})
        given.unsupported(key, "give username, and password or password_file");
    given.finish();
    if (to.into.has_authorization_header)
        return;
    to.settings["basic_auth"] = json{{"username", user}, {"password", password}};
    if (!file.empty())
        to.into.files.push_back({std::move(file), "/basic_auth/password", {}});
}

// A token, or the file that has it, behind a scheme such as `Bearer`.
void read_token(map_reader& from, std::string_view key, std::string_view file_key, const std::string& scheme,
                section& to) {
    const auto token = from.text(key).value_or("");
    auto file = read_file_path(from, file_key, to);
    if (!token.empty() && !file.empty())
        from.complain(file_key, "stands beside " + std::string(key) + "; give one of them");
    if (token.empty() && file.empty())
        return;
    if (token.find_first_of("\r\n") != std::string::npos)
        from.complain(key, "has a line end in it");
    const bool bearer = base::equals_ignoring_case(scheme, "bearer");
    if (to.into.has_authorization_header) // it beats every login
        return;
    if (!token.empty() && bearer)
        to.settings["bearer_token"] = token;
    else if (!token.empty())
        to.settings["headers"]["Authorization"] = scheme + " " + token;
    else if (bearer)
        to.into.files.push_back({std::move(file), "/bearer_token", {}});
    else
        to.into.files.push_back({std::move(file), "/headers/Authorization", scheme + " "});
}

void read_authorization(map_reader& from, section& to) {
    auto given = from.map("authorization");
    if (!given.given())
        return;
    const auto scheme = given.text("type").value_or("Bearer");
    if (base::equals_ignoring_case(scheme, "basic"))
        given.complain("type", "cannot be Basic; use basic_auth");
    else if (scheme.empty() || scheme.find_first_of(" \t\r\n") != std::string::npos)
        given.complain("type", "expected one word such as Bearer");
    read_token(given, "credentials", "credentials_file", scheme, to);
    given.unsupported("credentials_ref", "give credentials or credentials_file");
    given.finish();
}

std::string url_fault(const std::string& url) {
    const auto colon = url.find("://");
    const auto scheme = colon == std::string::npos ? std::string_view() : std::string_view(url).substr(0, colon);
    if (scheme != "http" && scheme != "socks5" && scheme != "socks5h")
        return "Ferrule goes through proxies of http://, socks5:// and socks5h:// only; name one of them, or keep "
               "blackbox_exporter for this module";
    const auto host = std::string_view(url).substr(colon + 3);
    const bool clean = std::none_of(host.begin(), host.end(), [](char c) { return c <= ' ' || c == 0x7f; });
    return host.empty() || !clean ? "expected " + std::string(scheme) + "://HOST:PORT" : "";
}

} // namespace

void read_logins(map_reader& from, section& to) {
    from.unsupported("oauth2", "have something else fetch the token into a file and name it as bearer_token_file, or "
                               "keep blackbox_exporter for this module");
    std::string_view first;
    for (const auto* key : {"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"}) {
        if (from.find(key) == nullptr)
            continue;
        if (!first.empty())
            from.complain(key, "stands beside " + std::string(first) + "; give one of them");
        first = key;
    }
    read_basic(from, to);
    read_authorization(from, to);
    read_token(from, "bearer_token", "bearer_token_file", "Bearer", to);
}

void read_proxy(map_reader& from, section& to) {
    const auto url = from.text("proxy_url").value_or("");
    const bool skip = from.flag("skip_resolve_phase_with_proxy").value_or(false);
    json headers = json::object();
    auto given = from.map("proxy_connect_header");
    if (given.given()) {
        for (const auto& [name, values] : given.lists()) {
            if (values.size() != 1)
                given.beyond(name, "Ferrule sends one header of a name; give a list of one value");
            else
                headers[name] = values.front();
        }
        if (url.empty())
            from.complain("proxy_connect_header", "belongs to a proxy; give proxy_url too");
    }
    const bool socks = url.starts_with("socks5");
    if (socks && !headers.empty()) // the original does not send them either
        from.warn("proxy_connect_header", "is not used, for a SOCKS proxy takes no headers");
    else if (!headers.empty())
        to.settings["proxy_headers"] = std::move(headers);
    if (!url.empty()) {
        if (auto fault = url_fault(url); !fault.empty())
            from.beyond("proxy_url", std::move(fault));
        to.settings["proxy_url"] = url;
        to.into.leaves_resolving = skip;
    }
    for (const auto* key : {"no_proxy", "proxy_from_environment", "http_headers", "body_file",
                            "fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel", "enable_http3"})
        from.unsupported(key, no_newer);
}

} // namespace ferrule::probes::blackbox
