#include "state/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace ferrule::state {

namespace {

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(in).Add({});
}

using series_by_end = std::map<std::pair<model::job_state, model::strategy>, prometheus::Counter*>;

// All of them from the start: a series that appears with its first event hides that event from rate().
series_by_end finished_series(prometheus::Registry& in) {
    using model::job_state;
    auto& family = prometheus::BuildCounter()
                       .Name("ferrule_jobs_finished_total")
                       .Help("Jobs that reached a final state")
                       .Register(in);
    series_by_end made;
    for (const auto state :
         {job_state::succeeded, job_state::failed, job_state::cancelled, job_state::expired, job_state::unknown})
        for (const auto how : {model::strategy::fifo, model::strategy::pinned})
            made[{state, how}] = &family.Add(
                {{"state", std::string(model::to_text(state))}, {"strategy", std::string(model::to_text(how))}});
    return made;
}

} // namespace

metrics::metrics()
    : metrics(std::make_shared<prometheus::Registry>()) {}

metrics::metrics(std::shared_ptr<prometheus::Registry> registry)
    : jobs_accepted(counter(*registry, "ferrule_jobs_accepted_total", "Jobs that were made durable and queued"))
    , jobs_rejected(counter(*registry, "ferrule_jobs_rejected_total", "Jobs that were refused before they were queued"))
    , jobs_queued(gauge(*registry, "ferrule_jobs_queued", "Jobs that wait for their turn"))
    , jobs_running(gauge(*registry, "ferrule_jobs_running", "Jobs that run now"))
    , job_seconds(prometheus::BuildHistogram()
                      .Name("ferrule_job_seconds")
                      .Help("Time from acceptance to the final state")
                      .Register(*registry)
                      .Add({}, prometheus::Histogram::BucketBoundaries{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                       0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}))
    , sessions_open(gauge(*registry, "ferrule_sessions_open", "Device sessions that are open"))
    , sessions_opened(counter(*registry, "ferrule_sessions_opened_total", "Device sessions that were opened"))
    , sessions_reused(
          counter(*registry, "ferrule_sessions_reused_total", "Jobs that ran on a session that was already open"))
    , sessions_lost(counter(*registry, "ferrule_sessions_lost_total", "Sessions that ended without being asked to"))
    , registry_(std::move(registry))
    , finished_(finished_series(*registry_)) {}

std::string metrics::text() const {
    for (const auto& refresh : refresh_)
        refresh();
    return prometheus::TextSerializer().Serialize(registry_->Collect());
}

prometheus::Counter& metrics::job_finished(model::job_state state, model::strategy how) {
    return *finished_.at({state, how});
}

} // namespace ferrule::state
