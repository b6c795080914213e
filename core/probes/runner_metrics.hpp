// What a node tells about its own measuring.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace ferrule::probes {

/// Whether the schedule is kept: figures of a node, not of targets. Thread-safe; the registry must outlive it.
struct runner_metrics {
    explicit runner_metrics(prometheus::Registry& in);

    prometheus::Gauge& assigned;
    prometheus::Gauge& running;
    prometheus::Counter& runs;
    prometheus::Counter& retries;
    prometheus::Counter& missed;
    prometheus::Histogram& lag_seconds;
};

} // namespace ferrule::probes
