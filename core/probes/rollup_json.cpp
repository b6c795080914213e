#include "probes/rollup.hpp"

#include "base/json.hpp"

#include <cmath>

namespace ferrule::probes {

using base::json;

namespace {

json number_or_null(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

std::uint64_t read_count(base::object_reader& reader, std::string_view key) {
    return static_cast<std::uint64_t>(reader.integer_or(key, 0, 0, INT64_MAX));
}

double read_number(base::object_reader& reader, std::string_view key) {
    const auto read = reader.number(key).value_or(0);
    if (!std::isfinite(read) || read < 0)
        reader.complain(key, "must not be negative");
    return read;
}

} // namespace

json to_json(const rollup& kept) {
    json value{{"start", base::to_rfc3339(kept.start)},
               {"count", kept.count},
               {"ok", kept.ok},
               {"unknown", kept.unknown},
               {"excused", kept.excused},
               {"sum_ms", kept.sum_ms},
               {"min_ms", kept.min_ms},
               {"max_ms", kept.max_ms},
               {"histogram", kept.latency.to_json()}};
    if (kept.packets_sent != 0) {
        value["packets_sent"] = kept.packets_sent;
        value["packets_lost"] = kept.packets_lost;
        value["packets_lost_local"] = kept.packets_lost_local;
    }
    return value;
}

result<rollup> rollup_from_json(const json& kept) {
    base::object_reader reader(kept);
    rollup read;
    if (const auto start = base::parse_rfc3339(reader.required_text("start")))
        read.start = *start;
    else
        reader.complain("start", start.error().message());
    read.count = read_count(reader, "count");
    read.ok = read_count(reader, "ok");
    read.unknown = read_count(reader, "unknown");
    read.excused = read_count(reader, "excused");
    read.sum_ms = read_number(reader, "sum_ms");
    read.min_ms = read_number(reader, "min_ms");
    read.max_ms = read_number(reader, "max_ms");
    if (read.ok > read.count)
        reader.complain("ok", "must not be more than count");
    if (read.min_ms > read.max_ms)
        reader.complain("min_ms", "must not be more than max_ms");
    if (const auto* buckets = reader.array("histogram")) {
        auto latency = histogram::from_json(*buckets);
        if (latency)
            read.latency = std::move(*latency);
        else
            reader.complain("histogram", latency.error().message());
    }
    read.packets_sent = read_count(reader, "packets_sent");
    read.packets_lost = read_count(reader, "packets_lost");
    read.packets_lost_local = read_count(reader, "packets_lost_local");
    if (read.packets_lost + read.packets_lost_local > read.packets_sent)
        reader.complain("packets_lost", "must not be more than were sent");
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    return read;
}

json figures_json(const rollup& shown) {
    json latency{{"count", shown.latency.count()}};
    if (shown.latency.count() != 0) {
        latency["min_ms"] = shown.min_ms;
        latency["max_ms"] = shown.max_ms;
        latency["mean_ms"] = number_or_null(shown.mean_ms());
        latency["p50_ms"] = number_or_null(shown.quantile_ms(0.50));
        latency["p90_ms"] = number_or_null(shown.quantile_ms(0.90));
        latency["p95_ms"] = number_or_null(shown.quantile_ms(0.95));
        latency["p99_ms"] = number_or_null(shown.quantile_ms(0.99));
    }
    json value{{"count", shown.count},
               {"ok", shown.ok},
               {"unknown", shown.unknown},
               {"excused", shown.excused},
               {"availability", number_or_null(shown.availability())},
               {"latency", std::move(latency)}};
    if (shown.packets_sent != 0) {
        value["packets_sent"] = shown.packets_sent;
        value["packets_lost"] = shown.packets_lost;
        value["packets_lost_local"] = shown.packets_lost_local;
        value["loss_ratio"] = number_or_null(shown.loss_ratio());
    }
    return value;
}

} // namespace ferrule::probes
