// The figures of plugins among the process's own.
#pragma once

#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "plugins/metrics_sink.hpp"

namespace ferrule::state {

/// Puts what plugins count into the Prometheus registry. Handles are positions in a list that only grows; there is a
/// limit, because a plugin could make a series of every address it meets. Thread-safe.
class plugin_metrics final : public plugins::metrics_sink {
  public:
    explicit plugin_metrics(prometheus::Registry& registry, std::size_t limit = 10'000);

    std::uint64_t intern(plugins::metric_kind which, std::string_view name, std::string_view help,
                         const plugins::metric_labels& labels) override;
    void add(std::uint64_t series, double value) noexcept override;

  private:
    using metric = std::variant<prometheus::Counter*, prometheus::Gauge*, prometheus::Histogram*>;

    metric make(plugins::metric_kind which, const std::string& name, const std::string& help,
                const prometheus::Labels& labels);

    prometheus::Registry& registry_;
    const std::size_t limit_;
    std::mutex mutex_;
    std::map<std::string, plugins::metric_kind, std::less<>> kinds_;
    std::map<std::pair<std::string, prometheus::Labels>, std::uint64_t> known_;
    std::vector<metric> series_;
};

} // namespace ferrule::state
