#include "base/json.hpp"
#include "model/check_json.hpp"
#include "model/inventory_json.hpp"

#include <cmath>

namespace ferrule::model {

using base::json;
using base::object_reader;

namespace {

// Fields that a newer version may have added are no fault.
void accept_unknown(object_reader& reader, const json& value) {
    if (value.is_object())
        for (const auto& [key, unused] : value.items())
            (void)reader.member(key);
}

std::map<std::string, double> read_numbers(object_reader& reader, std::string_view key) {
    std::map<std::string, double> read;
    const auto* given = reader.object(key);
    if (given == nullptr)
        return read;
    for (const auto& [name, value] : given->items()) {
        if (value.is_number())
            read.emplace(name, value.get<double>());
        else
            reader.complain(std::string(key) + "." + name, "expected a number");
    }
    return read;
}

void read_round_trips(object_reader& reader, sample& into) {
    const auto* given = reader.array("rtts_ms");
    if (given == nullptr)
        return;
    if (given->size() > most_round_trips)
        return reader.complain("rtts_ms", "must not have more than " + std::to_string(most_round_trips) + " entries");
    into.rtts_ms.reserve(given->size());
    for (const auto& each : *given) {
        if (each.is_null()) {
            into.rtts_ms.emplace_back();
        } else if (each.is_number() && each.get<double>() >= 0) {
            into.rtts_ms.emplace_back(each.get<double>());
        } else {
            reader.complain("rtts_ms[" + std::to_string(into.rtts_ms.size()) + "]",
                            "expected a number that is not negative, or null");
            return;
        }
    }
}

json round_trips_json(const sample& shown) {
    auto list = json::array();
    for (const auto& each : shown.rtts_ms)
        list.push_back(each ? json(*each) : json());
    return list;
}

void read_outcome(object_reader& reader, sample& into) {
    if (const auto success = reader.boolean("success"))
        into.success = *success;
    else if (reader.member("success") == nullptr)
        reader.complain("success", "is required");
    into.duration_ms = reader.number("duration_ms").value_or(0);
    if (!std::isfinite(into.duration_ms) || into.duration_ms < 0)
        reader.complain("duration_ms", "must not be negative");
    into.reason = reader.text_or("reason", "");
    into.failed_phase = reader.text_or("failed_phase", "");
    into.metrics = read_numbers(reader, "metrics");
    into.phases_ms = read_numbers(reader, "phases_ms");
    read_round_trips(reader, into);
    into.tags = read_labels(reader);
}

} // namespace

std::optional<double> metric_of(const sample& from, const std::string& name) {
    constexpr std::string_view phase = "phases_ms.";
    if (name == "duration_ms")
        return from.duration_ms;
    const bool in_phases = name.starts_with(phase);
    const auto& among = in_phases ? from.phases_ms : from.metrics;
    const auto at = among.find(in_phases ? name.substr(phase.size()) : name);
    if (at == among.end())
        return std::nullopt;
    return at->second;
}

result<void> read_probe_result(const json& from, sample& into) {
    object_reader reader(from);
    accept_unknown(reader, from);
    read_outcome(reader, into);
    if (auto bad = reader.finish("invalid_result"))
        return *bad;
    return ok();
}

json to_json(const sample& shown) {
    json value{{"check", shown.check},
               {"target", shown.target},
               {"node", shown.node},
               {"at", base::to_rfc3339(shown.at)},
               {"lag_ms", std::chrono::duration<double, std::milli>(shown.lag).count()},
               {"success", shown.success},
               {"duration_ms", shown.duration_ms}};
    if (!shown.reason.empty())
        value["reason"] = shown.reason;
    if (!shown.failed_phase.empty())
        value["failed_phase"] = shown.failed_phase;
    if (!shown.metrics.empty())
        value["metrics"] = shown.metrics;
    if (!shown.phases_ms.empty())
        value["phases_ms"] = shown.phases_ms;
    if (!shown.rtts_ms.empty())
        value["rtts_ms"] = round_trips_json(shown);
    if (!shown.tags.empty())
        value["labels"] = shown.tags;
    if (shown.failed)
        value["error"] = base::to_json(*shown.failed);
    return value;
}

result<sample> sample_from_json(const json& record) {
    object_reader reader(record);
    accept_unknown(reader, record);
    sample read;
    read.check = reader.required_text("check");
    read.target = reader.required_text("target");
    read.node = reader.required_text("node");
    if (const auto at = base::parse_rfc3339(reader.required_text("at")))
        read.at = *at;
    else
        reader.complain("at", at.error().message());
    const auto lag = reader.number("lag_ms").value_or(0);
    constexpr double most = 1e12; // 31 years; what is more than that cannot be counted in nanoseconds for long
    if (lag >= 0 && lag < most)
        read.lag = std::chrono::round<base::duration>(std::chrono::duration<double, std::milli>(lag));
    else
        reader.complain("lag_ms", "must not be negative");
    read_outcome(reader, read);
    if (const auto* failed = reader.object("error"))
        read.failed = base::error_from_json(base::dump(*failed), "unknown_error");
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    return read;
}

} // namespace ferrule::model
