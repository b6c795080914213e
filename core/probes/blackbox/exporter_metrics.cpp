#include "probes/blackbox/exporter_metrics.hpp"

namespace ferrule::probes::blackbox {

namespace {

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

} // namespace

exporter_metrics::exporter_metrics(prometheus::Registry& in)
    : running(prometheus::BuildGauge()
                  .Name("ferrule_exporter_probes_running")
                  .Help("Probes of /probe that are under way")
                  .Register(in)
                  .Add({}))
    , refused(counter(in, "ferrule_exporter_refused_total",
                      "Requests for /probe that were refused because exporter.max_running probes ran"))
    , local_failures(counter(in, "ferrule_exporter_local_failures_total",
                             "Probes of /probe that failed by this machine, not by the target")) {}

} // namespace ferrule::probes::blackbox
