// The process's own counters, as Prometheus text.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/job.hpp"

namespace ferrule::state {

/// Owns the registry and the series that the core itself writes. Each member is valid as long as the object;
/// prometheus-cpp makes them thread-safe.
class metrics {
  public:
    metrics();

    [[nodiscard]] prometheus::Registry& registry() noexcept { return *registry_; }

    /// Called before each page is made, on the thread that asks for it, to bring gauges up to date; set before the
    /// first page.
    void before_page(std::function<void()> refresh) { refresh_.push_back(std::move(refresh)); }

    /// The page that /metrics serves.
    [[nodiscard]] std::string text() const;

    prometheus::Counter& job_finished(model::job_state state, model::strategy how);

    prometheus::Counter& jobs_accepted;
    prometheus::Counter& jobs_rejected;
    prometheus::Gauge& jobs_queued;
    prometheus::Gauge& jobs_running;
    prometheus::Histogram& job_seconds;
    prometheus::Gauge& sessions_open;
    prometheus::Counter& sessions_opened;
    prometheus::Counter& sessions_reused;
    prometheus::Counter& sessions_lost;

  private:
    explicit metrics(std::shared_ptr<prometheus::Registry> registry);
    std::shared_ptr<prometheus::Registry> registry_;
    std::vector<std::function<void()>> refresh_;
    // By state and strategy, so that the end of a job need not look for a series by its labels.
    std::map<std::pair<model::job_state, model::strategy>, prometheus::Counter*> finished_;
};

} // namespace ferrule::state
