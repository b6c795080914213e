#include "probes/runner_metrics.hpp"

namespace ferrule::probes {

namespace {

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(in).Add({});
}

} // namespace

runner_metrics::runner_metrics(prometheus::Registry& in)
    : assigned(gauge(in, "ferrule_checks_assigned", "Targets of checks that this node measures"))
    , running(gauge(in, "ferrule_checks_running", "Measurements of checks that are under way"))
    , runs(counter(in, "ferrule_check_runs_total", "Measurements of checks that were begun"))
    , retries(counter(in, "ferrule_check_retries_total", "Of them, tries between ticks because a state was soft"))
    , missed(counter(in, "ferrule_check_ticks_missed_total", "Ticks of the schedule that were not run"))
    , lag_seconds(prometheus::BuildHistogram()
                      .Name("ferrule_check_lag_seconds")
                      .Help("How far behind its time a measurement began")
                      .Register(in)
                      .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                                       0.01, 0.025, 0.05, 0.1, 0.5, 1, 5})) {}

} // namespace ferrule::probes
