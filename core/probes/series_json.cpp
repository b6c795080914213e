// A history across restarts.
#include "probes/series.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::probes {

using base::json;
using base::wall_time;

namespace {

constexpr std::array<std::pair<outcome, std::string_view>, 4> outcomes{
    {{outcome::up, "up"}, {outcome::down, "down"}, {outcome::unknown, "unknown"}, {outcome::excused, "excused"}}};

json parts_json(const std::map<wall_time, rollup>& parts) {
    auto list = json::array();
    for (const auto& [start, part] : parts)
        list.push_back(to_json(part));
    return list;
}

json one_json(const measurement& one) {
    json value{{"at", base::to_rfc3339(one.at)}};
    for (const auto& [what, name] : outcomes)
        if (what == one.what)
            value["outcome"] = name;
    if (one.latency_ms)
        value["latency_ms"] = *one.latency_ms;
    return value;
}

wall_time read_time(base::object_reader& reader, std::string_view key, wall_time fallback) {
    const auto text = reader.text(key);
    if (!text)
        return fallback;
    const auto read = base::parse_rfc3339(*text);
    if (!read)
        reader.complain(key, read.error().message());
    return read ? *read : fallback;
}

void read_parts(base::object_reader& reader, const std::string& key, std::map<wall_time, rollup>& into) {
    const auto* list = reader.array(key);
    if (list == nullptr)
        return;
    for (std::size_t i = 0; i < list->size(); ++i) {
        auto part = rollup_from_json((*list)[i]);
        if (part)
            into[part->start] = std::move(*part);
        else
            reader.complain(key + "[" + std::to_string(i) + "]", part.error().message());
    }
}

measurement read_one(base::object_reader& reader) {
    measurement read;
    if (reader.member("at") == nullptr)
        reader.complain("at", "is required");
    read.at = read_time(reader, "at", {});
    const auto name = reader.required_text("outcome");
    bool known = name.empty(); // complained about already
    for (const auto& [what, text] : outcomes)
        if (text == name) {
            read.what = what;
            known = true;
        }
    if (!known)
        reader.complain("outcome", "\"" + name + "\" is not an outcome");
    read.latency_ms = reader.number("latency_ms");
    return read;
}

} // namespace

json series::to_json() const {
    json kept{{"hours", parts_json(hours_)}, {"minutes", parts_json(minutes_)}, {"late", parts_json(late_)},
              {"changed", json::array()},    {"recent", json::array()},         {"counters", counters_.to_json()}};
    for (const auto start : changed_)
        kept["changed"].push_back(base::to_rfc3339(start));
    for (const auto& each : recent_)
        kept["recent"].push_back(one_json(each));
    const auto since = [&kept](const char* key, wall_time time) {
        if (time != wall_time::min())
            kept[key] = base::to_rfc3339(time);
    };
    since("hours_since", hours_since_);
    since("minutes_since", minutes_since_);
    since("samples_since", samples_since_);
    return kept;
}

result<series> series::from_json(const json& kept, series_limits limits) {
    base::object_reader reader(kept);
    series read(limits);
    read_parts(reader, "hours", read.hours_);
    read_parts(reader, "minutes", read.minutes_);
    read_parts(reader, "late", read.late_);
    for (const auto& text : reader.texts("changed")) {
        const auto start = base::parse_rfc3339(text);
        if (start && read.hours_.contains(*start))
            read.changed_.insert(*start);
        else
            reader.complain("changed", "\"" + text + "\" is not one of the hours");
    }
    if (const auto* list = reader.array("recent"))
        for (std::size_t i = 0; i < list->size(); ++i) {
            base::object_reader item((*list)[i], reader.path_of("recent[" + std::to_string(i) + "]"));
            read.recent_.push_back(read_one(item));
            reader.absorb(item);
        }
    std::stable_sort(read.recent_.begin(), read.recent_.end(),
                     [](const measurement& left, const measurement& right) { return left.at < right.at; });
    read.hours_since_ = read_time(reader, "hours_since", wall_time::min());
    read.minutes_since_ = read_time(reader, "minutes_since", wall_time::min());
    read.samples_since_ = read_time(reader, "samples_since", wall_time::min());
    if (const auto* readings = reader.object("counters")) {
        auto counting = counters::from_json(*readings);
        if (counting)
            read.counters_ = std::move(*counting);
        else
            reader.complain("counters", counting.error().message());
    }
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    return read;
}

} // namespace ferrule::probes
