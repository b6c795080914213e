// SPDX-License-Identifier: Apache-2.0
#include "http/expectations.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::probes::http {

namespace {

std::string version_text(int version) {
    return "HTTP/" + std::to_string(version / 10) + "." + std::to_string(version % 10);
}

/// `200`, `2xx` or `200-299`.
std::optional<std::pair<int, int>> parse_statuses(std::string_view text) {
    if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
        const int from = (text[0] - '0') * 100;
        return std::pair(from, from + 99);
    }
    std::pair<int, int> made{0, 0};
    const auto* end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, made.first);
    made.second = made.first;
    if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-') {
        read = std::from_chars(read.ptr + 1, end, made.second);
    }
    const bool good = read.ec == std::errc() && read.ptr == end && made.first >= 100 && made.first <= made.second &&
                      made.second <= 999;
    return good ? std::optional(made) : std::nullopt;
}

void read_statuses(settings_reader& from, std::vector<std::pair<int, int>>& into) {
    const auto* list = from.find("valid_status_codes");
    if (list == nullptr) {
        return;
    }
    constexpr auto expected = "a list of codes such as 200, 204-206 or 3xx";
    if (!list->is_array()) {
        from.wrong("valid_status_codes", expected);
    }
    into.clear();
    for (const auto& each : list->items()) {
        const auto range = each.is_integer() ? parse_statuses(std::to_string(each.as_integer()))
                           : each.is_text()  ? parse_statuses(each.as_text())
                                             : std::nullopt;
        if (!range) {
            from.wrong("valid_status_codes", std::string(expected) + "; " + each.dump() + " is none");
        }
        into.push_back(*range);
    }
}

void read_versions(settings_reader& from, std::vector<int>& into) {
    if (from.find("valid_http_versions") == nullptr) {
        return;
    }
    into.clear();
    for (const auto& each : from.texts("valid_http_versions")) {
        const int version = each == "HTTP/1.0"                       ? 10
                            : each == "HTTP/1.1"                     ? 11
                            : each == "HTTP/2.0" || each == "HTTP/2" ? 20
                                                                     : 0;
        if (version == 0) {
            from.wrong("valid_http_versions", "a list of HTTP/1.0, HTTP/1.1 and HTTP/2.0; '" + each + "' is none");
        }
        into.push_back(version);
    }
}

regex compiled(settings_reader& from, std::string_view key, std::string_view pattern) {
    auto made = regex::compile(pattern, from.code());
    if (!made) {
        from.refuse(key, made.error().message());
    }
    return *made;
}

void read_patterns(settings_reader& from, std::string_view key, std::vector<regex>& into) {
    if (from.find(key) == nullptr) {
        return;
    }
    into.clear();
    for (const auto& each : from.texts(key)) {
        into.push_back(compiled(from, key, each));
    }
}

void read_header_checks(settings_reader& from, std::string_view key, std::vector<header_check>& into) {
    if (from.find(key) == nullptr) {
        return;
    }
    into.clear();
    for (auto& each : from.objects(key)) {
        const auto name = each.text("header");
        const auto pattern = each.text("regexp");
        if (name.empty()) {
            each.wrong("header", "given: the name of a header");
        }
        if (pattern.empty()) {
            each.wrong("regexp", "given: a regular expression");
        }
        const bool allow_missing = each.flag("allow_missing", false);
        each.finish();
        into.push_back({name, compiled(each, "regexp", pattern), allow_missing});
    }
}

} // namespace

header_check::finding header_check::look(const response_head& head) const {
    auto found = finding::missing;
    for (const auto& [known, value] : head.headers) {
        if (!same_name(known, name)) {
            continue;
        }
        const auto how = pattern.search(value);
        if (how != match_status::no) {
            return how == match_status::yes ? finding::matches : finding::costly;
        }
        found = finding::differs;
    }
    return found;
}

void expectations::read(settings_reader& from) {
    read_statuses(from, statuses);
    read_versions(from, versions);
    fail_if_ssl = from.flag("fail_if_ssl", fail_if_ssl);
    fail_if_not_ssl = from.flag("fail_if_not_ssl", fail_if_not_ssl);
    if (fail_if_ssl && fail_if_not_ssl) {
        from.refuse("fail_if_not_ssl", "stands beside 'fail_if_ssl'; nothing can meet both.");
    }
    read_header_checks(from, "fail_if_header_matches", header_matches);
    read_header_checks(from, "fail_if_header_not_matches", header_not_matches);
    read_patterns(from, "fail_if_body_matches_regexp", body_matches);
    read_patterns(from, "fail_if_body_not_matches_regexp", body_not_matches);
    if (from.find("json_checks") != nullptr) {
        json.clear();
        for (auto& each : from.objects("json_checks")) {
            json.push_back(json_check::read(each));
        }
    }
}

std::string expectations::judge(const response_head& head, const body& content, bool secure, measurement& found) const {
    auto wrong = judge_head(head, secure);
    if (wrong.empty()) {
        wrong = judge_headers(head);
        if (wrong.empty()) {
            wrong = judge_text(content.text());
        }
        found.metric("failed_due_to_regex", wrong.empty() ? 0 : 1);
    }
    if (!json.empty()) { // in any case, for what they tell as metrics
        auto other = judge_json(content.text(), found);
        wrong = wrong.empty() ? std::move(other) : std::move(wrong);
    }
    return wrong;
}

std::string expectations::judge_head(const response_head& head, bool secure) const {
    const auto within = [&](const auto& range) { return head.status >= range.first && head.status <= range.second; };
    const bool good =
        statuses.empty() ? within(std::pair(200, 299)) : std::any_of(statuses.begin(), statuses.end(), within);
    if (!good) {
        return "it answered " + head.status_text() +
               (statuses.empty() ? "; 200 to 299 would be right." : "; valid_status_codes has no such code.");
    }
    if (!versions.empty() && std::find(versions.begin(), versions.end(), head.version) == versions.end()) {
        return "it answered with " + version_text(head.version) + ", which valid_http_versions does not have.";
    }
    if (fail_if_ssl && secure) {
        return "the last answer came over TLS (fail_if_ssl).";
    }
    if (fail_if_not_ssl && !secure) {
        return "the last answer did not come over TLS (fail_if_not_ssl).";
    }
    return {};
}

std::string expectations::judge_headers(const response_head& head) const {
    for (const auto& each : header_matches) {
        const auto found = each.look(head);
        if (found == header_check::finding::missing && !each.allow_missing) {
            return "the header " + each.name + " is missing.";
        }
        if (found == header_check::finding::matches) {
            return "the header " + each.name + " matches '" + each.pattern.pattern() + "'.";
        }
        if (found == header_check::finding::costly) {
            return each.pattern.too_costly("the header " + each.name + ".");
        }
    }
    for (const auto& each : header_not_matches) {
        const auto found = each.look(head);
        if (found == header_check::finding::missing && !each.allow_missing) {
            return "the header " + each.name + " is missing.";
        }
        if (found == header_check::finding::differs) {
            return "the header " + each.name + " does not match '" + each.pattern.pattern() + "'.";
        }
        if (found == header_check::finding::costly) {
            return each.pattern.too_costly("the header " + each.name + ".");
        }
    }
    return {};
}

std::string expectations::judge_text(const std::string& text) const {
    for (const auto& each : body_matches) {
        const auto how = each.search(text);
        if (how != match_status::no) {
            return how == match_status::yes ? "the body matches '" + each.pattern() + "'."
                                            : each.too_costly("the body.");
        }
    }
    for (const auto& each : body_not_matches) {
        const auto how = each.search(text);
        if (how != match_status::yes) {
            return how == match_status::no ? "the body does not match '" + each.pattern() + "'."
                                           : each.too_costly("the body.");
        }
    }
    return {};
}

std::string expectations::judge_json(const std::string& text, measurement& found) const {
    const auto whole = sdk::json::parse(text);
    if (!whole) {
        return "the body is not JSON: " + whole.error().message();
    }
    std::string wrong;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto& each = json[i];
        if (!each.metric.empty()) {
            const auto* value = each.path.find(*whole);
            if (value != nullptr && value->is_number()) {
                found.metric("json_" + each.metric, value->as_number());
            }
        }
        if (const auto bad = each.refuse(*whole); bad && wrong.empty()) {
            wrong = *bad + " (json_checks[" + std::to_string(i) + "]).";
        }
    }
    return wrong;
}

} // namespace ferrule::probes::http
