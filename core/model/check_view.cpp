#include "base/json.hpp"
#include "model/check_json.hpp"

namespace ferrule::model {

using base::json;

namespace {

void put_settings(json& into, const std::string& settings) {
    if (!settings.empty())
        into["settings"] = json::parse(settings, nullptr, false);
}

json to_json(const check_target& shown) {
    json value = json::object();
    if (!shown.name.empty())
        value["name"] = shown.name;
    if (!shown.host.empty())
        value["host"] = shown.host;
    if (shown.port)
        value["port"] = *shown.port;
    if (!shown.url.empty())
        value["url"] = shown.url;
    put_settings(value, shown.settings);
    if (!shown.tags.empty())
        value["labels"] = shown.tags;
    return value;
}

json to_json(const threshold& shown) {
    json value = json::object();
    if (shown.warning)
        value["warning"] = *shown.warning;
    if (shown.critical)
        value["critical"] = *shown.critical;
    if (shown.below)
        value["below"] = true;
    return value;
}

json to_json(const node_filter& shown) {
    json value{{"names", shown.names}, {"labels", shown.tags}};
    if (!shown.region.empty())
        value["region"] = shown.region;
    if (shown.count)
        value["count"] = *shown.count;
    return value;
}

json to_json(const quorum& shown) {
    auto value = json::object();
    if (shown.agree)
        value["agree"] = *shown.agree;
    if (shown.voters)
        value["voters"] = *shown.voters;
    if (shown.vote_lifetime)
        value["vote_lifetime"] = base::to_text(*shown.vote_lifetime);
    return value;
}

} // namespace

json to_json(const maintenance_window& shown) {
    json value = json::object();
    if (!shown.name.empty())
        value["name"] = shown.name;
    if (const auto* fixed = std::get_if<fixed_window>(&shown.when)) {
        value["from"] = base::to_rfc3339(fixed->from);
        value["until"] = base::to_rfc3339(fixed->until);
        return value;
    }
    const auto& weekly = std::get<weekly_window>(shown.when);
    value["days"] = json::array();
    for (unsigned day = 0; day < weekly.days.size(); ++day)
        if (weekly.days.at(day))
            value["days"].push_back(day_text(day));
    value["start"] = time_of_day_text(weekly.start);
    value["duration"] = base::to_text(weekly.length);
    value["utc_offset"] = utc_offset_text(weekly.utc_offset);
    return value;
}

json to_json(const check& shown) {
    json value{{"name", shown.name},
               {"probe", shown.probe},
               {"interval", base::to_text(shown.interval)},
               {"max_attempts", shown.max_attempts},
               {"latency", shown.latency},
               {"labels", shown.tags},
               {"origin", shown.origin},
               {"enabled", shown.enabled},
               {"flapping",
                {{"enabled", shown.flapping.enabled}, {"high", shown.flapping.high}, {"low", shown.flapping.low}}}};
    if (shown.timeout)
        value["timeout"] = base::to_text(*shown.timeout);
    if (shown.retry_interval)
        value["retry_interval"] = base::to_text(*shown.retry_interval);
    value["targets"] = json::array();
    for (const auto& each : shown.targets)
        value["targets"].push_back(to_json(each));
    put_settings(value, shown.settings);
    value["nodes"] = to_json(shown.nodes);
    value["quorum"] = to_json(shown.agreement);
    value["thresholds"] = json::object();
    for (const auto& [metric, limits] : shown.thresholds)
        value["thresholds"][metric] = to_json(limits);
    value["depends_on"] = json::array();
    for (const auto& each : shown.depends_on) {
        json parent{{"check", each.check}};
        if (!each.target.empty())
            parent["target"] = each.target;
        value["depends_on"].push_back(std::move(parent));
    }
    value["maintenance"] = json::array();
    for (const auto& each : shown.maintenance)
        value["maintenance"].push_back(to_json(each));
    return value;
}

std::string probe_input(const check& of, const check_target& at) {
    auto input = of.settings.empty() ? json::object() : json::parse(of.settings, nullptr, false);
    if (!at.settings.empty()) {
        const auto own = json::parse(at.settings, nullptr, false);
        for (const auto& [key, value] : own.items())
            input[key] = value;
    }
    if (!at.host.empty())
        input["host"] = at.host;
    if (at.port)
        input["port"] = *at.port;
    if (!at.url.empty())
        input["url"] = at.url;
    return base::dump(input);
}

} // namespace ferrule::model
