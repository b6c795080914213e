#include "fleet/traffic.hpp"

#include "base/json.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>
#include <array>

namespace ferrule::fleet {

using base::json;
using model::interface_counters;
using protocol::number_of;

namespace {

constexpr std::size_t most_interfaces = 256;
constexpr std::size_t longest_name = 64;

struct counter_names {
    std::uint64_t interface_counters::*at;
    const char* told; ///< In heartbeats.
    const char* last; ///< In records.
    const char* sum;
    bool bytes;
};

constexpr std::array all_counters{
    counter_names{&interface_counters::rx_bytes, "rx_bytes", "rx", "rx_sum", true},
    counter_names{&interface_counters::rx_packets, "rx_packets", "rx_packets", "rx_packets_sum", false},
    counter_names{&interface_counters::rx_errors, "rx_errors", "rx_errors", "rx_errors_sum", false},
    counter_names{&interface_counters::rx_dropped, "rx_dropped", "rx_dropped", "rx_dropped_sum", false},
    counter_names{&interface_counters::tx_bytes, "tx_bytes", "tx", "tx_sum", true},
    counter_names{&interface_counters::tx_packets, "tx_packets", "tx_packets", "tx_packets_sum", false},
    counter_names{&interface_counters::tx_errors, "tx_errors", "tx_errors", "tx_errors_sum", false},
    counter_names{&interface_counters::tx_dropped, "tx_dropped", "tx_dropped", "tx_dropped_sum", false}};

interface_counters told_by(const json& report) {
    interface_counters read;
    for (const auto& each : all_counters)
        read.*each.at = number_of(report, each.told);
    return read;
}

/// What was counted from `before` to `now`.
interface_counters between(const interface_sums& before, const interface_counters& now, bool same_boot) {
    interface_counters passed;
    for (const auto& each : all_counters) {
        if (same_boot && before.bytes_alone && !each.bytes)
            continue; // counting begins here
        const auto earlier = before.counter.*each.at;
        const auto later = now.*each.at;
        passed.*each.at = same_boot && later >= earlier ? later - earlier : later;
    }
    return passed;
}

void add(interface_counters& to, const interface_counters& more) {
    for (const auto& each : all_counters)
        to.*each.at += more.*each.at;
}

std::uint64_t rate(std::uint64_t bytes, base::duration in) {
    const auto seconds = std::chrono::duration<double>(in).count();
    return seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds) : 0;
}

} // namespace

void traffic::take(const json& interfaces, const std::string& host_boot, base::steady_time now) {
    if (!interfaces.is_object())
        return;
    const bool first = reports_ == 0 && all_.empty() && host_boot_.empty();
    const bool same_boot = host_boot_ == host_boot;
    left_out_ = left_out_ && same_boot;
    const auto elapsed = taken_at_ == base::steady_time{} ? base::duration::zero() : now - taken_at_;
    ++reports_;
    std::size_t named = 0;
    for (const auto& [name, value] : interfaces.items()) {
        if (!value.is_object() || name.size() > longest_name)
            continue;
        if (++named > most_interfaces) {
            left_out_ = true;
            break;
        }
        const auto counter = told_by(value);
        const auto [at, fresh] = all_.try_emplace(name);
        auto& each = at->second;
        // Without one before it counts from zero, unless it may have been there before we counted.
        if (!fresh || !(first || left_out_)) {
            const auto passed = between(each, counter, same_boot);
            const bool steady = fresh || each.named + 1 == reports_;
            add(each.passed, passed);
            each.rx_per_second = steady ? rate(passed.rx_bytes, elapsed) : 0;
            each.tx_per_second = steady ? rate(passed.tx_bytes, elapsed) : 0;
        }
        each.counter = counter;
        each.named = reports_;
        each.bytes_alone = false;
    }
    for (auto& [name, each] : all_)
        if (each.named != reports_)
            each.rx_per_second = each.tx_per_second = 0;
    make_room();
    host_boot_ = host_boot;
    taken_at_ = now;
}

void traffic::make_room() {
    while (all_.size() > most_interfaces) {
        const auto oldest = std::min_element(
            all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.second.named < b.second.named; });
        all_.erase(oldest);
        left_out_ = true;
    }
}

std::vector<model::interface_traffic> traffic::shown() const {
    std::vector<model::interface_traffic> out;
    out.reserve(all_.size());
    for (const auto& [name, each] : all_)
        out.push_back({name, each.passed, each.rx_per_second, each.tx_per_second, each.named == reports_});
    return out;
}

json traffic::to_record() const {
    json shown = json::object();
    for (const auto& [name, each] : all_) {
        json one{{"named", each.named}};
        for (const auto& counter : all_counters) {
            if (each.bytes_alone && !counter.bytes)
                continue;
            one[counter.last] = each.counter.*counter.at;
            one[counter.sum] = each.passed.*counter.at;
        }
        shown[name] = std::move(one);
    }
    return {
        {"boot", host_boot_}, {"reports", reports_}, {"left_out", left_out_ ? 1 : 0}, {"interfaces", std::move(shown)}};
}

traffic traffic::from_record(const json& value) {
    traffic out;
    out.host_boot_ = protocol::text_of(value, "boot");
    out.reports_ = number_of(value, "reports");
    out.left_out_ = number_of(value, "left_out") != 0;
    const auto interfaces = value.find("interfaces");
    if (interfaces == value.end() || !interfaces->is_object())
        return out;
    for (const auto& [name, each] : interfaces->items()) {
        interface_sums one;
        for (const auto& counter : all_counters) {
            one.counter.*counter.at = number_of(each, counter.last);
            one.passed.*counter.at = number_of(each, counter.sum);
        }
        one.named = number_of(each, "named");
        one.bytes_alone = !each.is_object() || !each.contains("rx_packets");
        out.all_.emplace(name, one);
    }
    return out;
}

} // namespace ferrule::fleet
