// What an HTTP answer must be like, and how it is asked for. Logins are in http_logins.cpp.
#include "probes/blackbox/options.hpp"

#include "base/strings.hpp"
#include "probes/blackbox/go_forms.hpp"
#include "probes/blackbox/http_logins.hpp"

#include <algorithm>

namespace ferrule::probes::blackbox {

using base::equals_ignoring_case;
using base::json;

namespace {

constexpr std::int64_t most_body = std::int64_t{1} << 30;
// A body that somebody looks into is kept in memory.
constexpr std::int64_t most_kept_body = std::int64_t{10} << 20;

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    });
}

bool is_clean(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void read_method(map_reader& from, section& to) {
    auto method = from.text("method").value_or("");
    if (method.empty())
        method = "GET"; // also with a body
    if (!is_token(method) || method == "CONNECT")
        from.complain("method", "expected a method of HTTP such as GET, HEAD or POST");
    to.settings["method"] = method;
    const auto body = from.text("body").value_or("");
    if (!body.empty())
        to.settings["body"] = body;
}

// Whether an Accept-Encoding header allows a coding.
bool accepts(std::string_view header, std::string_view coding) {
    bool any = false;
    for (const auto part : base::split(header, ',')) {
        const auto pieces = base::split(part, ';');
        const auto name = base::trim(pieces.front());
        const auto weight = pieces.size() > 1 ? base::trim(pieces[1]) : std::string_view();
        const bool allowed =
            !(weight.starts_with("q=0") && weight.find_first_of("123456789") == std::string_view::npos);
        if (equals_ignoring_case(name, coding))
            return allowed;
        any = any || (name == "*" && allowed);
    }
    return any;
}

void read_headers(map_reader& from, section& to, const std::string& coding) {
    json headers = json::object();
    for (const auto& [name, value] : from.pairs("headers")) {
        const auto place = "headers." + name;
        if (!is_token(name))
            from.complain(place, "this is no name of a header");
        else if (!is_clean(value)) // it may be a secret, so it is not shown
            from.complain(place, "has a line end in its value");
        else if (equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "transfer-encoding") ||
                 equals_ignoring_case(name, "connection"))
            from.complain(place, "Ferrule sets this header by itself; leave it out");
        else if (equals_ignoring_case(name, "accept-encoding") && !coding.empty() && !accepts(value, coding))
            from.complain(place, "does not accept " + coding + ", which compression asks for");
        headers[name] = value;
        to.into.has_authorization_header =
            to.into.has_authorization_header || equals_ignoring_case(name, "authorization");
    }
    if (!headers.empty())
        to.settings["headers"] = std::move(headers);
}

std::string read_compression(map_reader& from, section& to) {
    auto given = from.choice("compression", {"", "identity", "gzip", "deflate", "br"}).value_or("");
    if (given.empty() || given == "identity") {
        to.settings["compression"] = "none";
        return {};
    }
    to.settings["compression"] = given;
    to.settings["compression_asked"] = false; // that takes a header of the module's own
    to.settings["compression_required"] = true;
    return given;
}

void read_limit(map_reader& from, section& to, bool keeps_body) {
    const auto text = from.text("body_size_limit").value_or("0");
    auto limit = keeps_body ? most_kept_body : most_body;
    const auto read = text == "0" ? std::optional<std::uint64_t>(0) : go_size(text);
    if (!read)
        from.complain("body_size_limit", "expected a size with its unit, such as 512B, 10MB or 10MiB");
    else if (*read > static_cast<std::uint64_t>(most_body))
        from.beyond("body_size_limit", "Ferrule reads at most 1GiB of a body; give less");
    else if (*read != 0)
        limit = static_cast<std::int64_t>(*read);
    to.settings["body_size_limit"] = limit;
}

void read_statuses(map_reader& from, section& to) {
    json codes = json::array();
    const auto given = from.texts("valid_status_codes");
    for (std::size_t i = 0; i < given.size(); ++i) {
        const bool good = given[i].size() == 3 && given[i].front() != '0' &&
                          given[i].find_first_not_of("0123456789") == std::string::npos;
        if (!good)
            from.complain("valid_status_codes", i,
                          "expected a status code from 100 to 999; found \"" + base::shortened(given[i], 60) + "\"");
        codes.push_back(given[i]);
    }
    if (!codes.empty())
        to.settings["valid_status_codes"] = std::move(codes);
}

void read_versions(map_reader& from, section& to) {
    const auto given = from.texts("valid_http_versions");
    for (std::size_t i = 0; i < given.size(); ++i)
        if (given[i] != "HTTP/1.0" && given[i] != "HTTP/1.1" && given[i] != "HTTP/2.0")
            from.complain("valid_http_versions", i,
                          "\"" + base::shortened(given[i], 60) + "\" is not one of HTTP/1.0, HTTP/1.1, HTTP/2.0");
    if (!given.empty())
        to.settings["valid_http_versions"] = given;
}

void read_header_checks(map_reader& from, const std::string& key, section& to) {
    json checks = json::array();
    for (auto& each : from.maps(key)) {
        const auto name = each.text("header").value_or("");
        const auto pattern = each.text("regexp").value_or("");
        const bool may_miss = each.flag("allow_missing").value_or(false);
        each.finish();
        if (name.empty())
            each.complain("header", "is missing: the name of a header");
        if (pattern.empty())
            each.complain("regexp", "is missing: a regular expression");
        else if (auto fault = pattern_fault(pattern); !fault.empty())
            each.complain("regexp", std::move(fault));
        json made{{"header", name}, {"regexp", pcre_of(pattern)}, {"allow_missing", may_miss}};
        checks.push_back(std::move(made));
    }
    if (!checks.empty())
        to.settings[key] = std::move(checks);
}

void read_tls_expected(map_reader& from, section& to) {
    const bool never = from.flag("fail_if_ssl").value_or(false);
    const bool always = from.flag("fail_if_not_ssl").value_or(false);
    if (never && always)
        from.complain("fail_if_not_ssl", "stands beside fail_if_ssl; nothing can meet both");
    if (never)
        to.settings["fail_if_ssl"] = true;
    if (always)
        to.settings["fail_if_not_ssl"] = true;
}

} // namespace

void read_http(map_reader& from, section& to) {
    read_family(from, to);
    read_tls(from, to);
    read_method(from, to);
    const auto coding = read_compression(from, to);
    read_headers(from, to, coding);
    read_logins(from, to);
    read_proxy(from, to);
    const auto renamed = from.flag("no_follow_redirects"); // the old name wins where both are given
    const auto follow = from.flag("follow_redirects").value_or(true);
    to.settings["follow_redirects"] = renamed ? !*renamed : follow;
    to.settings["max_redirects"] = 10;
    to.settings["http2"] = from.flag("enable_http2").value_or(true);
    read_statuses(from, to);
    read_versions(from, to);
    read_tls_expected(from, to);
    read_header_checks(from, "fail_if_header_matches", to);
    read_header_checks(from, "fail_if_header_not_matches", to);
    read_patterns(from, "fail_if_body_matches_regexp", to.settings);
    read_patterns(from, "fail_if_body_not_matches_regexp", to.settings);
    const bool keeps_body =
        to.settings.contains("fail_if_body_matches_regexp") || to.settings.contains("fail_if_body_not_matches_regexp");
    read_limit(from, to, keeps_body);
    from.finish();
}

} // namespace ferrule::probes::blackbox
