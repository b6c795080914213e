// Checks as Prometheus series.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "model/health.hpp"
#include "probes/rollup.hpp"

namespace ferrule::probes {

/// States, counters and latencies by check, target and location. There is a limit to the targets at locations that get
/// series, because each costs memory here and in Prometheus; what is beyond is counted. Not thread-safe.
class check_metrics {
  public:
    check_metrics(prometheus::Registry& in, std::size_t most_series);

    void measured(const std::string& check, const std::string& target, const std::string& location,
                  const measurement& one);
    void state(const std::string& check, const std::string& target, model::health shown);
    /// Series of a check that has changed or gone are taken out; those that go on come again.
    void forget(const std::string& check);

    prometheus::Counter& stored;
    prometheus::Counter& dropped;
    prometheus::Counter& stray;

  private:
    using place = std::tuple<std::string, std::string, std::string>;

    struct series {
        std::map<outcome, prometheus::Counter*> results;
        prometheus::Histogram* latency = nullptr;
    };

    prometheus::Family<prometheus::Gauge>& states_;
    prometheus::Family<prometheus::Counter>& results_;
    prometheus::Family<prometheus::Histogram>& latencies_;
    prometheus::Gauge& left_out_;
    const std::size_t most_;
    std::map<place, series> series_;
    std::map<place, prometheus::Gauge*> gauges_;
    std::set<place> left_;
};

} // namespace ferrule::probes
