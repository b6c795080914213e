#include "state/plugin_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <exception>

namespace ferrule::state {

plugin_metrics::plugin_metrics(prometheus::Registry& registry, std::size_t limit)
    : registry_(registry)
    , limit_(limit) {}

plugin_metrics::metric plugin_metrics::make(plugins::metric_kind which, const std::string& name,
                                            const std::string& help, const prometheus::Labels& labels) {
    switch (which) {
    case plugins::metric_kind::counter:
        return &prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
    case plugins::metric_kind::gauge:
        return &prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
    case plugins::metric_kind::histogram:
        break;
    }
    const prometheus::Histogram::BucketBoundaries bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                         0.25,   0.5,   1,      2.5,   5,    10,    30};
    return &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, bounds);
}

std::uint64_t plugin_metrics::intern(plugins::metric_kind which, std::string_view name, std::string_view help,
                                     const plugins::metric_labels& labels) {
    const std::lock_guard lock(mutex_);
    const auto [kind, fresh] = kinds_.emplace(name, which);
    if (!fresh && kind->second != which)
        return 0;
    const prometheus::Labels wanted(labels.begin(), labels.end());
    auto key = std::make_pair(std::string(name), wanted);
    if (const auto at = known_.find(key); at != known_.end())
        return at->second;
    if (series_.size() >= limit_)
        return 0;
    try {
        series_.push_back(make(which, key.first, std::string(help), wanted));
    } catch (const std::exception&) {
        return 0; // a name or label that Prometheus does not allow
    }
    known_.emplace(std::move(key), series_.size());
    return series_.size();
}

void plugin_metrics::add(std::uint64_t series, double value) noexcept {
    metric which;
    {
        const std::lock_guard lock(mutex_);
        if (series == 0 || series > series_.size())
            return;
        which = series_[series - 1];
    }
    if (auto* const* counter = std::get_if<prometheus::Counter*>(&which)) {
        if (value >= 0)
            (*counter)->Increment(value);
    } else if (auto* const* gauge = std::get_if<prometheus::Gauge*>(&which)) {
        (*gauge)->Set(value);
    } else {
        std::get<prometheus::Histogram*>(which)->Observe(value);
    }
}

} // namespace ferrule::state
