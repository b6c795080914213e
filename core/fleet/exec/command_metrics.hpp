// Commands as Prometheus series.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "model/command.hpp"

namespace ferrule::fleet::exec {

/// How the shares of commands end, and what agents refuse. The registry must outlive it. Thread-safe.
class command_metrics {
  public:
    explicit command_metrics(prometheus::Registry& in);

    void accepted(std::size_t tasks);
    void unfinished(std::size_t tasks);
    void sent(std::size_t orders);
    /// An agent's share has reached this final state, and that is on disk.
    void ended(model::task_state how);
    /// An agent refuses an order for what it is. Codes that are not known count as `other`.
    void refused(std::string_view code);

  private:
    prometheus::Counter& accepted_;
    prometheus::Counter& sent_;
    prometheus::Gauge& unfinished_;
    std::array<prometheus::Counter*, model::task_state_texts.size()> ended_{};
    std::map<std::string, prometheus::Counter*, std::less<>> refused_;
};

} // namespace ferrule::fleet::exec
