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
#include "model/sample.hpp"
#include "probes/rollup.hpp"

namespace ferrule::probes {

/// States, counters and latencies by check, target and location, and how late each location begins. There is a limit to
/// the targets at locations that get series, because each costs memory here and in Prometheus; what is beyond is
/// counted. Not thread-safe.
class check_metrics {
  public:
    check_metrics(prometheus::Registry& in, std::size_t most_series);

    /// A result, and what of it figures keep.
    void measured(const model::sample& found, const measurement& one);
    void state(const std::string& check, const std::string& target, model::health shown);
    /// Series of a check that has changed or gone are taken out; those that go on come again.
    void forget(const std::string& check);
    /// So are those of locations that are no more.
    void keep_locations(const std::set<std::string>& there);

    prometheus::Counter& stored;
    prometheus::Counter& dropped;
    prometheus::Counter& stray;

  private:
    using place = std::tuple<std::string, std::string, std::string>;

    struct series {
        std::map<outcome, prometheus::Counter*> results;
        prometheus::Histogram* latency = nullptr;
        prometheus::Counter* sent = nullptr; ///< This one and those below once a result had what they show.
        prometheus::Counter* lost = nullptr;
        prometheus::Gauge* certificate = nullptr;
    };

    void count_packets(series& its, const place& where, const measurement& one);
    void show_certificate(series& its, const place& where, const model::sample& found);
    void observe_lag(const model::sample& found);
    void remove(const series& gone);

    prometheus::Family<prometheus::Gauge>& states_;
    prometheus::Family<prometheus::Counter>& results_;
    prometheus::Family<prometheus::Histogram>& latencies_;
    prometheus::Family<prometheus::Counter>& sent_;
    prometheus::Family<prometheus::Counter>& lost_;
    prometheus::Family<prometheus::Gauge>& certificates_;
    prometheus::Family<prometheus::Histogram>& lags_;
    prometheus::Gauge& left_out_;
    const std::size_t most_;
    std::map<place, series> series_;
    std::map<place, prometheus::Gauge*> gauges_;
    std::map<std::string, prometheus::Histogram*> lag_of_; ///< By location.
    std::set<place> left_;
};

} // namespace ferrule::probes
