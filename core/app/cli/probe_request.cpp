#include "app/cli/probe_request.hpp"

#include "app/cli/yaml_file.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <charconv>

namespace ferrule::app::cli {

using base::json;

namespace {

// `5`, `true` and `[1]` are what they look like; everything else is text.
json value_of(std::string_view text) {
    auto read = base::parse_json(text);
    return read && !read->is_null() ? std::move(*read) : json(text);
}

} // namespace

json target_json(std::string_view word) {
    if (word.find("://") != std::string_view::npos)
        return {{"url", word}};
    auto host = word;
    std::string_view port;
    const auto colon = word.rfind(':');
    if (word.starts_with('[')) {
        const auto end = word.find(']');
        host = word.substr(1, end == std::string_view::npos ? end : end - 1);
        if (end != std::string_view::npos && word.substr(end).starts_with("]:"))
            port = word.substr(end + 2);
    } else if (colon != std::string_view::npos && word.find(':') == colon) { // more of them are an IPv6 address
        host = word.substr(0, colon);
        port = word.substr(colon + 1);
    }
    json target{{"host", host}};
    unsigned number = 0;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
    if (!port.empty() && read.ec == std::errc() && read.ptr == port.data() + port.size())
        target["port"] = number;
    else if (!port.empty())
        target["host"] = word; // the server says what is wrong with it
    return target;
}

result<json> to_body(const probe_request& asked) {
    json body{{"probe", asked.probe}, {"targets", json::array()}, {"count", asked.count}};
    for (const auto& each : asked.targets)
        body["targets"].push_back(target_json(each));
    if (!asked.interval.empty())
        body["interval"] = asked.interval;
    if (!asked.timeout.empty())
        body["timeout"] = asked.timeout;
    if (!asked.settings_file.empty()) {
        auto read = read_yaml_file(asked.settings_file);
        if (!read)
            return read;
        if (!read->is_object())
            return error("usage", asked.settings_file + ": expected a map of settings");
        body["settings"] = std::move(*read);
    }
    for (const auto& each : asked.settings) { // these win
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return error("usage", "--set takes KEY=VALUE, such as --set count=5; found \"" + each + "\"");
        auto* at = &body["settings"];
        for (const auto step : base::split(std::string_view(each).substr(0, equals), '.')) {
            if (!at->is_object())
                *at = json::object();
            at = &(*at)[std::string(step)];
        }
        *at = value_of(std::string_view(each).substr(equals + 1));
    }
    if (!asked.from.empty() || !asked.region.empty() || asked.nodes != 0)
        body["from"] = json::object();
    if (!asked.region.empty())
        body["from"]["region"] = asked.region;
    for (const auto& each : asked.from) {
        const auto equals = each.find('=');
        if (equals == std::string::npos)
            body["from"]["names"].push_back(each);
        else
            body["from"]["labels"][each.substr(0, equals)] = each.substr(equals + 1);
    }
    if (asked.nodes != 0)
        body["from"]["count"] = asked.nodes;
    return body;
}

} // namespace ferrule::app::cli
