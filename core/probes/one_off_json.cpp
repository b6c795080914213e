// A request to measure at once, as JSON.
#include "probes/one_off.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "model/check_rules.hpp"

#include <algorithm>

namespace ferrule::probes {

using base::json;

namespace {

constexpr std::int64_t most_rounds = 10'000;
constexpr auto longest_interval = std::chrono::hours(1);
constexpr auto longest_timeout = std::chrono::minutes(5);
constexpr auto shortest = std::chrono::milliseconds(1);

} // namespace

// Targets, settings and nodes are those of a check, so they are read as one.
result<one_off_request> one_off_from_json(const json& body) {
    base::object_reader reader(body);
    one_off_request read;
    read.count = static_cast<std::uint32_t>(reader.integer_or("count", 1, 1, most_rounds));
    read.interval = reader.time_span_or("interval", read.interval);
    if (read.interval < shortest || read.interval > longest_interval)
        reader.complain("interval", "must be between 1ms and 1h");
    read.timeout = reader.time_span_or("timeout", read.timeout);
    if (read.timeout < shortest || read.timeout > longest_timeout)
        reader.complain("timeout", "must be between 1ms and 5m");
    json check{{"name", "once"}, {"interval", "24h"}};
    for (const auto* key : {"probe", "settings", "targets"})
        if (const auto* given = reader.member(key))
            check[key] = *given;
    if (const auto* from = reader.object("from")) {
        check["nodes"] = *from;
        read.from.emplace();
    }
    if (const auto targets = check.find("targets"); targets != check.end() && targets->is_array())
        for (auto& each : *targets)
            if (each.is_string())
                each = json{{"host", each}};
    auto as_check = model::check_from_json(check);
    if (!as_check) {
        const auto told = base::parse_json(as_check.error().details());
        for (const auto& each : told ? told->value("problems", json::array()) : json::array()) {
            auto path = each.value("path", "");
            if (path.starts_with("nodes"))
                path.replace(0, 5, "from");
            reader.complain(path, each.value("message", ""));
        }
    }
    if (auto bad = reader.finish())
        return *bad;
    read.probe = as_check->probe;
    read.targets = std::move(as_check->targets);
    read.settings = std::move(as_check->settings);
    if (read.from)
        read.from = std::move(as_check->nodes);
    return read;
}

} // namespace ferrule::probes
