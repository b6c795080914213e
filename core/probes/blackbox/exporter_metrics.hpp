// What a node tells about /probe itself.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace ferrule::probes::blackbox {

/// Whether the page keeps up. Thread-safe; the registry must outlive it.
struct exporter_metrics {
    explicit exporter_metrics(prometheus::Registry& in);

    prometheus::Gauge& running;
    prometheus::Counter& refused;
    prometheus::Counter& local_failures;
};

} // namespace ferrule::probes::blackbox
