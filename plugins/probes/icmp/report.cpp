// SPDX-License-Identifier: Apache-2.0
#include "icmp/report.hpp"

#include "icmp/rtt_statistics.hpp"

#include <ferrule/sdk/json_writer.hpp>

#include <vector>

namespace ferrule::icmp {

namespace {

using sdk::json_object;

double milliseconds(double nanoseconds) {
    return nanoseconds / 1e6;
}

double span(time_ns from, time_ns to) {
    return to > from ? milliseconds(static_cast<double>(to - from)) : 0;
}

std::string packets(std::uint32_t count) {
    return count == 1 ? "1 packet" : std::to_string(count) + " packets";
}

struct failing {
    std::string reason;
    std::string_view phase;
};

/// Why a burst without a single reply in time is down, and where it failed. What is known for certain comes first.
failing why_down(const running_probe& probe, std::uint32_t lost_here) {
    const auto& seen = probe.run.tally();
    const auto* error = probe.run.error();
    if (seen.sent == 0) {
        return {error != nullptr ? error->sentence : "The deadline came before the first packet could be sent.",
                "local"};
    }
    if (seen.refused != 0 && error != nullptr) {
        return {error->sentence, "request"};
    }
    if (seen.late != 0) {
        return {"Replies came later than the " + std::to_string(probe.settings.timeout / grid) + " ms of 'timeout'.",
                "reply"};
    }
    if (lost_here != 0 && lost_here == probe.run.unanswered()) {
        return {"This host dropped packets because its receive buffer was full, so it cannot tell whether " +
                    probe.to.text() + " answered; raise 'receive_buffer' of icmp and net.core.rmem_max.",
                "local"};
    }
    return {"No reply from " + probe.to.text() + " to " + packets(seen.sent) + ".", "reply"};
}

void add_counts(json_object& metrics, const running_probe& probe, std::uint32_t lost_here) {
    const auto& seen = probe.run.tally();
    const auto lost = seen.sent - seen.received - lost_here;
    const auto known = seen.sent - lost_here;
    metrics.add("packets_sent", seen.sent)
        .add("packets_received", seen.received)
        .add("packets_lost", lost)
        .add("packets_lost_local", lost_here)
        .add("packets_not_sent", probe.settings.count - seen.sent)
        .add("packets_refused", seen.refused)
        .add("packets_duplicate", seen.duplicates)
        .add("packets_late", seen.late)
        .add("packets_reordered", seen.reordered);
    if (known != 0) {
        metrics.add("loss_ratio", static_cast<double>(lost) / known);
    }
}

void add_times(json_object& metrics, const rtt_statistics& times, double middle) {
    if (times.count() == 0) {
        return;
    }
    metrics.add("rtt_min_ms", milliseconds(static_cast<double>(times.min())))
        .add("rtt_avg_ms", milliseconds(times.average()))
        .add("rtt_median_ms", milliseconds(middle))
        .add("rtt_max_ms", milliseconds(static_cast<double>(times.max())))
        .add("rtt_mdev_ms", milliseconds(times.deviation()))
        .add("jitter_ms", milliseconds(times.jitter()));
}

/// The round trips in the order of sending; null for a packet without a reply in time.
std::string list_of(std::span<const burst::packet> all) {
    std::string list = "[";
    for (const auto& each : all) {
        if (each.how == burst::state::unsent) {
            break;
        }
        list += list.size() == 1 ? "" : ",";
        if (each.how == burst::state::answered) {
            sdk::append_json_number(list, milliseconds(static_cast<double>(each.rtt)));
        } else {
            list += "null";
        }
    }
    return list + ']';
}

} // namespace

std::string report(const running_probe& probe, time_ns now, std::uint32_t lost_here) {
    rtt_statistics times;
    std::vector<std::int64_t> answered;
    answered.reserve(probe.run.packets().size());
    for (const auto& each : probe.run.packets()) {
        if (each.how == burst::state::answered) {
            times.add(each.rtt);
            answered.push_back(each.rtt);
        }
    }
    json_object whole;
    whole.add("success", times.count() != 0).add("duration_ms", span(probe.asked, now));
    if (times.count() == 0) {
        const auto down = why_down(probe, lost_here);
        whole.add("reason", down.reason).add("failed_phase", down.phase);
    }
    json_object metrics;
    add_counts(metrics, probe, lost_here);
    add_times(metrics, times, median(answered));
    metrics.add("ip_protocol", probe.to.of == family::v4 ? 4 : 6);
    if (probe.run.hop_limit() >= 0) {
        metrics.add("reply_hop_limit", probe.run.hop_limit());
    }
    json_object labels;
    labels.add("address", probe.to.text());
    if (const auto* error = probe.run.error(); error != nullptr) {
        labels.add("packet_error", error->code);
        if (!error->reported_by.empty()) {
            labels.add("packet_error_from", error->reported_by);
        }
    }
    json_object phases;
    phases.add("resolve", span(probe.asked, probe.resolved));
    if (probe.first_sent != 0) {
        phases.add("setup", span(probe.resolved, probe.first_sent));
    }
    if (times.count() != 0) {
        phases.add("rtt", milliseconds(times.average()));
    }
    whole.add_json("metrics", metrics.text()).add_json("labels", labels.text()).add_json("phases_ms", phases.text());
    whole.add_json("rtts_ms", list_of(probe.run.packets()));
    return whole.text();
}

std::string report_no_address(const running_probe& probe, time_ns now, std::string_view reason) {
    json_object phases;
    phases.add("resolve", span(probe.asked, now));
    json_object whole;
    whole.add("success", false).add("duration_ms", span(probe.asked, now));
    whole.add("reason", reason).add("failed_phase", "resolve").add_json("phases_ms", phases.text());
    return whole.text();
}

} // namespace ferrule::icmp
