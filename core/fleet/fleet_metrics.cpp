#include "fleet/fleet_metrics.hpp"

#include "fleet/agents_hub.hpp"

#include <algorithm>
#include <chrono>
#include <set>

namespace ferrule::fleet {

namespace {

using model::agent_state;

constexpr std::array states{agent_state::online, agent_state::late, agent_state::offline, agent_state::revoked};

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(in);
}

double seconds(base::duration span) {
    return std::chrono::duration<double>(span).count();
}

double seconds_of(base::wall_time when) {
    return seconds(when.time_since_epoch());
}

} // namespace

fleet_metrics::fleet_metrics(prometheus::Registry& in, const agent_directory& agents, const base::clock& clock,
                             std::size_t most_agents)
    : agents_(agents)
    , clock_(clock)
    , most_(most_agents)
    , connections_(counter(in, "ferrule_agent_connections_total", "Connections of agents that were greeted"))
    , disconnections_(counter(in, "ferrule_agent_disconnections_total", "Connections of agents that have ended"))
    , heartbeats_(counter(in, "ferrule_agent_heartbeats_total", "Heartbeats that agents have sent"))
    , refused_(counter(in, "ferrule_agent_certificates_refused_total",
                       "Connections that were refused for their certificate; the log says whose and why"))
    , failed_(counter(in, "ferrule_agent_handshakes_failed_total",
                      "Connections that came to nothing before a greeting, refused certificates aside"))
    , silent_(gauges(in, "ferrule_agent_longest_silence_seconds",
                     "Time since the agent that was heard of least recently was heard of, of those online or late")
                  .Add({}))
    , certificate_(gauges(in, "ferrule_agent_first_certificate_expiry_timestamp_seconds",
                          "When the first certificate of an agent that is not revoked ends; 0 without agents")
                       .Add({}))
    , lost_(gauges(in, "ferrule_agents_deliveries_lost",
                   "Results and other deliveries that agents have dropped because their spools were full")
                .Add({}))
    , spooled_(gauges(in, "ferrule_agents_deliveries_spooled",
                      "Deliveries that waited in the spools of agents at their last heartbeats")
                   .Add({}))
    , missed_(gauges(in, "ferrule_agents_check_ticks_missed",
                     "Ticks of checks that agents have not run since they were started, as of their last heartbeats")
                  .Add({}))
    , results_lost_(gauges(in, "ferrule_agents_check_results_lost",
                           "Results of checks that disks of agents have not taken since they were started, likewise")
                        .Add({}))
    , left_out_(
          gauges(in, "ferrule_agent_series_left_out", "Agents without series of their own, beyond probes.max_series")
              .Add({}))
    , up_(gauges(in, "ferrule_agent_up", "Whether the agent is online"))
    , seen_(gauges(in, "ferrule_agent_last_seen_timestamp_seconds", "When the agent was heard of last"))
    , load_(gauges(in, "ferrule_agent_load", "Load average of one minute for each processor of the agent's host"))
    , lost_by_agent_(gauges(in, "ferrule_agent_deliveries_lost",
                            "Deliveries that this agent has dropped since it joined because its spool was full"))
    , spooled_by_agent_(gauges(in, "ferrule_agent_deliveries_spooled",
                               "Deliveries that waited in this agent's spool at its last heartbeat"))
    , missed_by_agent_(gauges(in, "ferrule_agent_check_ticks_missed",
                              "Ticks of checks that this agent has not run since it was started"))
    , results_lost_by_agent_(gauges(in, "ferrule_agent_check_results_lost",
                                    "Results of checks that this agent's disk has not taken since it was started")) {
    auto& family = gauges(in, "ferrule_agents", "Agents by state");
    for (const auto each : states)
        states_[static_cast<std::size_t>(each)] = &family.Add({{"state", std::string(model::to_text(each))}});
}

void fleet_metrics::listen_to(agents_hub& link) {
    link.on_connected([this](const std::string&) { connections_.Increment(); });
    link.on_disconnected([this](const std::string&) { disconnections_.Increment(); });
    link.on_heartbeat([this] { heartbeats_.Increment(); });
    link.on_refused([this](bool for_certificate) { (for_certificate ? refused_ : failed_).Increment(); });
}

void fleet_metrics::refresh() {
    const auto all = agents_.list();
    std::array<std::size_t, states.size()> count{};
    base::duration silent{};
    auto first_end = base::wall_time::max();
    std::uint64_t lost = 0;
    std::uint64_t spooled = 0;
    std::uint64_t missed = 0;
    std::uint64_t results_lost = 0;
    const auto now = clock_.wall_now();
    for (const auto& each : all) {
        ++count[static_cast<std::size_t>(each->state)];
        lost += each->lost_deliveries;
        spooled += each->spooled;
        missed += each->ticks_missed;
        results_lost += each->results_lost;
        if (each->state <= agent_state::late && each->last_seen_at)
            silent = std::max<base::duration>(silent, now - *each->last_seen_at);
        if (each->state != agent_state::revoked && each->certificate_expires_at)
            first_end = std::min(first_end, *each->certificate_expires_at);
    }
    for (std::size_t i = 0; i < count.size(); ++i)
        states_[i]->Set(static_cast<double>(count[i]));
    silent_.Set(seconds(silent));
    certificate_.Set(first_end == base::wall_time::max() ? 0 : seconds_of(first_end));
    lost_.Set(static_cast<double>(lost));
    spooled_.Set(static_cast<double>(spooled));
    missed_.Set(static_cast<double>(missed));
    results_lost_.Set(static_cast<double>(results_lost));
    show_each(all);
}

void fleet_metrics::show_each(const std::vector<agent_ptr>& all) {
    const std::lock_guard lock(mutex_);
    std::set<std::string> shown;
    // Who has series keeps them: one that comes and goes would be of no use to anybody.
    for (const bool known : {true, false})
        for (const auto& each : all)
            if (shown.size() < most_ && each_.contains(each->name) == known)
                shown.insert(each->name);
    for (const auto& each : all) {
        if (!shown.contains(each->name))
            continue;
        auto& its = each_[each->name];
        if (its.up == nullptr) {
            const prometheus::Labels labels{{"agent", each->name}};
            its = {&up_.Add(labels),
                   &seen_.Add(labels),
                   &load_.Add(labels),
                   &lost_by_agent_.Add(labels),
                   &spooled_by_agent_.Add(labels),
                   &missed_by_agent_.Add(labels),
                   &results_lost_by_agent_.Add(labels)};
        }
        its.up->Set(each->state == agent_state::online ? 1 : 0);
        its.seen->Set(each->last_seen_at ? seconds_of(*each->last_seen_at) : 0);
        its.load->Set(each->load);
        its.lost->Set(static_cast<double>(each->lost_deliveries));
        its.spooled->Set(static_cast<double>(each->spooled));
        its.missed->Set(static_cast<double>(each->ticks_missed));
        its.results_lost->Set(static_cast<double>(each->results_lost));
    }
    for (auto at = each_.begin(); at != each_.end();) {
        if (shown.contains(at->first)) {
            ++at;
            continue;
        }
        forget(at->second);
        at = each_.erase(at);
    }
    left_out_.Set(static_cast<double>(all.size() - shown.size()));
}

void fleet_metrics::forget(const figures& gone) {
    up_.Remove(gone.up);
    seen_.Remove(gone.seen);
    load_.Remove(gone.load);
    lost_by_agent_.Remove(gone.lost);
    spooled_by_agent_.Remove(gone.spooled);
    missed_by_agent_.Remove(gone.missed);
    results_lost_by_agent_.Remove(gone.results_lost);
}

} // namespace ferrule::fleet
