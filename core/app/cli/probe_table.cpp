#include "app/cli/probe_table.hpp"

#include "app/cli/printable.hpp"
#include "app/cli/table.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ferrule::app::cli {

using base::json;

namespace {

constexpr std::size_t longest_reason = 60;

std::string number(double value, const char* unit = "") {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), value < 10 ? "%.3f%s" : "%.1f%s", value, unit);
    return text.data();
}

double metric(const json& sample, const char* name, double fallback) {
    const auto metrics = sample.find("metrics");
    return metrics != sample.end() && metrics->is_object() ? metrics->value(name, fallback) : fallback;
}

// Of a burst the average round trip, otherwise the whole.
double latency_of(const json& sample) {
    return metric(sample, "rtt_avg_ms", sample.value("duration_ms", 0.0));
}

std::string reason_of(const json& sample) {
    if (const auto failed = sample.find("error"); failed != sample.end() && failed->is_object())
        return printable(failed->value("message", "it could not be measured"));
    const auto phase = sample.value("failed_phase", "");
    return printable((phase.empty() ? "" : phase + ": ") + sample.value("reason", "it failed"));
}

} // namespace

void probe_table::begin(const json& told) {
    for (const auto& each : told.value("places", json::array())) {
        row fresh;
        fresh.target = printable(each.value("target", ""));
        fresh.node = printable(each.value("node", ""));
        rows_.push_back(std::move(fresh));
    }
    expected_ = rows_.size() * told.value("count", std::uint64_t{1});
}

probe_table::row& probe_table::of(const json& sample) {
    const auto target = printable(sample.value("target", ""));
    const auto node = printable(sample.value("node", ""));
    for (auto& each : rows_)
        if (each.target == target && each.node == node)
            return each;
    row fresh;
    fresh.target = target;
    fresh.node = node;
    rows_.push_back(std::move(fresh));
    return rows_.back();
}

std::string probe_table::add(const json& sample) {
    auto& into = of(sample);
    ++seen_;
    ++into.sent;
    into.packets += metric(sample, "packets_sent", 0);
    into.lost += metric(sample, "packets_lost", 0);
    const auto where = into.target + " from " + into.node + ": ";
    if (!sample.value("success", false)) {
        into.reason = reason_of(sample);
        return where + into.reason;
    }
    const auto took = latency_of(sample);
    into.last = took;
    into.least = into.good == 0 ? took : std::min(into.least, took);
    into.most = std::max(into.most, took);
    into.sum += took;
    ++into.good;
    return where + "ok, " + number(took, " ms");
}

std::string probe_table::text() const {
    table shown({"TARGET", "NODE", "OK", "LOSS", "LAST ms", "MIN", "AVG", "MAX", "LAST FAILURE"});
    for (const auto& each : rows_) {
        const bool any = each.good != 0;
        // Of packets where the probe counts them, otherwise of measurements.
        const auto all = each.packets > 0 ? each.packets : static_cast<double>(each.sent);
        const auto gone = each.packets > 0 ? each.lost : static_cast<double>(each.sent - each.good);
        std::array<char, 16> loss{};
        std::snprintf(loss.data(), loss.size(), "%.0f%%", all > 0 ? 100 * gone / all : 0.0);
        shown.add({each.target, each.node, std::to_string(each.good) + "/" + std::to_string(each.sent), loss.data(),
                   any ? number(each.last) : "-", any ? number(each.least) : "-",
                   any ? number(each.sum / static_cast<double>(each.good)) : "-", any ? number(each.most) : "-",
                   each.reason.empty() ? "-" : base::shortened(each.reason, longest_reason)});
    }
    return shown.text();
}

std::string probe_table::progress() const {
    return std::to_string(seen_) + " of " + std::to_string(expected_) + " measured";
}

bool probe_table::all_answered() const noexcept {
    return std::all_of(rows_.begin(), rows_.end(), [](const row& each) { return each.good != 0; });
}

} // namespace ferrule::app::cli
