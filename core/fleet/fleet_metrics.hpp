// The fleet as Prometheus series.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "fleet/agent_directory.hpp"

namespace ferrule::fleet {

class agents_hub;

/// Sums over all agents, and for at most `most_agents` of them also series of their own, which these keep as long
/// as they are known: each costs memory here and in Prometheus, so what is beyond has none and is counted. References
/// must outlive it. Thread-safe.
class fleet_metrics {
  public:
    fleet_metrics(prometheus::Registry& in, const agent_directory& agents, const base::clock& clock,
                  std::size_t most_agents);

    /// Counts what happens on the link; before its start.
    void listen_to(agents_hub& link);
    /// Brings what is not counted as it happens up to date; to be called for each page.
    void refresh();

  private:
    struct figures {
        prometheus::Gauge* up = nullptr;
        prometheus::Gauge* seen = nullptr;
        prometheus::Gauge* load = nullptr;
        prometheus::Gauge* lost = nullptr;
        prometheus::Gauge* spooled = nullptr;
        prometheus::Gauge* missed = nullptr;
        prometheus::Gauge* results_lost = nullptr;
    };

    void show_each(const std::vector<agent_ptr>& all);
    void forget(const figures& gone);

    const agent_directory& agents_;
    const base::clock& clock_;
    const std::size_t most_;
    std::array<prometheus::Gauge*, 4> states_{};
    prometheus::Counter& connections_;
    prometheus::Counter& disconnections_;
    prometheus::Counter& heartbeats_;
    prometheus::Counter& refused_;
    prometheus::Counter& failed_;
    prometheus::Gauge& silent_;
    prometheus::Gauge& certificate_;
    prometheus::Gauge& lost_;
    prometheus::Gauge& spooled_;
    prometheus::Gauge& missed_;
    prometheus::Gauge& results_lost_;
    prometheus::Gauge& left_out_;
    prometheus::Family<prometheus::Gauge>& up_;
    prometheus::Family<prometheus::Gauge>& seen_;
    prometheus::Family<prometheus::Gauge>& load_;
    prometheus::Family<prometheus::Gauge>& lost_by_agent_;
    prometheus::Family<prometheus::Gauge>& spooled_by_agent_;
    prometheus::Family<prometheus::Gauge>& missed_by_agent_;
    prometheus::Family<prometheus::Gauge>& results_lost_by_agent_;
    std::mutex mutex_; ///< For what follows.
    std::map<std::string, figures> each_;
};

} // namespace ferrule::fleet
