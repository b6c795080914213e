#include "probes/check_metrics.hpp"

#include <array>

namespace ferrule::probes {

namespace {

constexpr std::array<std::pair<outcome, const char*>, 4> outcomes{
    {{outcome::up, "up"}, {outcome::down, "down"}, {outcome::unknown, "unknown"}, {outcome::excused, "excused"}}};

const prometheus::Histogram::BucketBoundaries latency_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                              0.05,   0.1,   0.25,   0.5,   1,    2.5};

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

// As monitoring systems number them; what is no answer comes after what is one.
double number_of(model::health state) {
    switch (state) {
    case model::health::ok:
        return 0;
    case model::health::warning:
        return 1;
    case model::health::critical:
        return 2;
    case model::health::unknown:
        return 3;
    case model::health::unreachable:
        return 4;
    case model::health::pending:
        break;
    }
    return 5;
}

} // namespace

check_metrics::check_metrics(prometheus::Registry& in, std::size_t most_series)
    : stored(counter(in, "ferrule_check_samples_stored_total", "Results of checks that were made durable"))
    , dropped(counter(in, "ferrule_check_samples_dropped_total",
                      "Results of checks that were given up because the store took no more"))
    , stray(counter(in, "ferrule_check_samples_refused_total",
                    "Results that came twice, or from where nobody was to measure"))
    , states_(prometheus::BuildGauge()
                  .Name("ferrule_check_state")
                  .Help("State of a target: 0 ok, 1 warning, 2 critical, 3 unknown, 4 unreachable, 5 pending")
                  .Register(in))
    , results_(prometheus::BuildCounter()
                   .Name("ferrule_check_results_total")
                   .Help("Results of checks; availability is up by up and down")
                   .Register(in))
    , latencies_(prometheus::BuildHistogram()
                     .Name("ferrule_check_latency_seconds")
                     .Help("Latency of measurements that succeeded, as the check defines it")
                     .Register(in))
    , left_out_(prometheus::BuildGauge()
                    .Name("ferrule_check_series_left_out")
                    .Help("Targets at locations without series of their own, beyond probes.max_series")
                    .Register(in)
                    .Add({}))
    , most_(most_series) {}

void check_metrics::measured(const std::string& check, const std::string& target, const std::string& location,
                             const measurement& one) {
    const place where(check, target, location);
    auto at = series_.find(where);
    if (at == series_.end()) {
        if (series_.size() >= most_) {
            left_.insert(where);
            left_out_.Set(static_cast<double>(left_.size()));
            return;
        }
        const prometheus::Labels labels{{"check", check}, {"target", target}, {"location", location}};
        series made;
        for (const auto& [what, name] : outcomes) {
            auto with = labels;
            with["outcome"] = name;
            made.results[what] = &results_.Add(with);
        }
        made.latency = &latencies_.Add(labels, latency_buckets);
        at = series_.emplace(where, made).first;
    }
    at->second.results.at(one.what)->Increment();
    if (one.latency_ms)
        at->second.latency->Observe(*one.latency_ms / 1000);
}

void check_metrics::state(const std::string& check, const std::string& target, model::health shown) {
    const place where(check, target, {});
    auto at = gauges_.find(where);
    if (at == gauges_.end()) {
        if (gauges_.size() >= most_)
            return;
        at = gauges_.emplace(where, &states_.Add({{"check", check}, {"target", target}})).first;
    }
    at->second->Set(number_of(shown));
}

void check_metrics::forget(const std::string& check) {
    const place from(check, {}, {});
    const auto is_its = [&check](const auto& at) { return std::get<0>(at->first) == check; };
    for (auto at = series_.lower_bound(from); at != series_.end() && is_its(at); at = series_.erase(at)) {
        for (const auto& [what, each] : at->second.results)
            results_.Remove(each);
        latencies_.Remove(at->second.latency);
    }
    for (auto at = gauges_.lower_bound(from); at != gauges_.end() && is_its(at); at = gauges_.erase(at))
        states_.Remove(at->second);
    std::erase_if(left_, [&check](const auto& each) { return std::get<0>(each) == check; });
    left_out_.Set(static_cast<double>(left_.size()));
}

} // namespace ferrule::probes
