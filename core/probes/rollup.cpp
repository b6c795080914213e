#include "probes/rollup.hpp"

#include <algorithm>
#include <cmath>

namespace ferrule::probes {

namespace {

double metric_or_zero(const model::sample& from, const std::string& name) {
    const auto at = from.metrics.find(name);
    return at == from.metrics.end() ? 0 : at->second;
}

// Numbers that cannot be counts of packets, whoever sent them, are none.
void count_packets(const model::sample& from, measurement& into) {
    static const std::string sent_name = "packets_sent";
    static const std::string lost_name = "packets_lost";
    static const std::string lost_local_name = "packets_lost_local";
    constexpr double most = 1'000'000'000;
    const auto sent = metric_or_zero(from, sent_name);
    if (!(sent >= 1 && sent <= most))
        return;
    const auto lost = metric_or_zero(from, lost_name);
    const auto lost_local = metric_or_zero(from, lost_local_name);
    if (!(lost >= 0 && lost_local >= 0 && lost + lost_local <= sent))
        return;
    into.packets_sent = static_cast<std::uint32_t>(sent);
    into.packets_lost = static_cast<std::uint32_t>(lost);
    into.packets_lost_local = static_cast<std::uint32_t>(lost_local);
}

} // namespace

measurement measure(const model::check& of, const model::sample& from, const verdict& judged, bool maintenance) {
    measurement made;
    made.at = from.at;
    if (judged.state == model::health::unknown || from.failed)
        made.what = outcome::unknown;
    else if (model::is_up(judged.state))
        made.what = outcome::up;
    else
        made.what = maintenance ? outcome::excused : outcome::down;
    if (from.success && !from.failed)
        made.latency_ms = model::metric_of(from, of.latency);
    if (!from.failed)
        count_packets(from, made);
    return made;
}

void rollup::add(const measurement& one) {
    count += one.what == outcome::up || one.what == outcome::down ? 1 : 0;
    ok += one.what == outcome::up ? 1 : 0;
    unknown += one.what == outcome::unknown ? 1 : 0;
    excused += one.what == outcome::excused ? 1 : 0;
    if (one.what != outcome::excused) {
        packets_sent += one.packets_sent;
        packets_lost += one.packets_lost;
        packets_lost_local += one.packets_lost_local;
    }
    const auto before = latency.count();
    if (one.latency_ms)
        latency.add(*one.latency_ms);
    if (latency.count() == before)
        return;
    const auto value = std::max(*one.latency_ms, 0.0);
    sum_ms += value;
    min_ms = before == 0 ? value : std::min(min_ms, value);
    max_ms = before == 0 ? value : std::max(max_ms, value);
}

void rollup::merge(const rollup& other) {
    count += other.count;
    ok += other.ok;
    unknown += other.unknown;
    excused += other.excused;
    if (other.latency.count() != 0) {
        const bool first = latency.count() == 0;
        sum_ms += other.sum_ms;
        min_ms = first ? other.min_ms : std::min(min_ms, other.min_ms);
        max_ms = first ? other.max_ms : std::max(max_ms, other.max_ms);
        latency.merge(other.latency);
    }
    packets_sent += other.packets_sent;
    packets_lost += other.packets_lost;
    packets_lost_local += other.packets_lost_local;
}

std::optional<double> rollup::availability() const noexcept {
    if (count == 0)
        return std::nullopt;
    return static_cast<double>(ok) / static_cast<double>(count);
}

std::optional<double> rollup::loss_ratio() const noexcept {
    const auto known = packets_sent - packets_lost_local;
    if (known == 0)
        return std::nullopt;
    return static_cast<double>(packets_lost) / static_cast<double>(known);
}

std::optional<double> rollup::mean_ms() const noexcept {
    if (latency.count() == 0)
        return std::nullopt;
    return sum_ms / static_cast<double>(latency.count());
}

std::optional<double> rollup::quantile_ms(double share) const noexcept {
    const auto found = latency.quantile(share);
    if (!found)
        return std::nullopt;
    return std::clamp(*found, min_ms, max_ms);
}

} // namespace ferrule::probes
