#include "probes/check_metrics.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace ferrule::probes {

namespace {

constexpr std::array<std::pair<outcome, const char*>, 4> outcomes{
    {{outcome::up, "up"}, {outcome::down, "down"}, {outcome::unknown, "unknown"}, {outcome::excused, "excused"}}};

const prometheus::Histogram::BucketBoundaries latency_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                              0.1,    0.25,  0.5,    1,     2.5,  5,     10};

// Coarser than that of the node's own schedule: there may be thousands of locations.
const prometheus::Histogram::BucketBoundaries lag_buckets{0.001, 0.005, 0.025, 0.1, 0.5, 1, 5};

prometheus::Counter& counter(prometheus::Registry& in, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(in).Add({});
}

prometheus::Labels labels_of(const std::tuple<std::string, std::string, std::string>& where) {
    const auto& [check, target, location] = where;
    return {{"check", check}, {"target", target}, {"location", location}};
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
    , sent_(prometheus::BuildCounter()
                .Name("ferrule_check_packets_sent_total")
                .Help("Packets that measurements have sent, of probes that count them")
                .Register(in))
    , lost_(prometheus::BuildCounter()
                .Name("ferrule_check_packets_lost_total")
                .Help("Of them, packets that the target or the way to it did not answer in time")
                .Register(in))
    , certificates_(prometheus::BuildGauge()
                        .Name("ferrule_check_certificate_expiry_timestamp_seconds")
                        .Help("When the first certificate of the chain that a target showed last expires")
                        .Register(in))
    , lags_(prometheus::BuildHistogram()
                .Name("ferrule_check_location_lag_seconds")
                .Help("How far behind their time measurements began at a location, of the results that came from it")
                .Register(in))
    , left_out_(prometheus::BuildGauge()
                    .Name("ferrule_check_series_left_out")
                    .Help("Targets at locations without series of their own, beyond probes.max_series")
                    .Register(in)
                    .Add({}))
    , most_(most_series) {}

void check_metrics::measured(const model::sample& found, const measurement& one) {
    observe_lag(found);
    const place where(found.check, found.target, found.node);
    auto at = series_.find(where);
    if (at == series_.end()) {
        if (series_.size() >= most_) {
            left_.insert(where);
            left_out_.Set(static_cast<double>(left_.size()));
            return;
        }
        const auto labels = labels_of(where);
        series made;
        for (const auto& [what, name] : outcomes) {
            auto with = labels;
            with["outcome"] = name;
            made.results[what] = &results_.Add(with);
        }
        made.latency = &latencies_.Add(labels, latency_buckets);
        at = series_.emplace(where, made).first;
        if (left_.erase(where) != 0) // a location that went has made room
            left_out_.Set(static_cast<double>(left_.size()));
    }
    at->second.results.at(one.what)->Increment();
    if (one.latency_ms)
        at->second.latency->Observe(*one.latency_ms / 1000);
    count_packets(at->second, where, one);
    show_certificate(at->second, where, found);
}

void check_metrics::count_packets(series& its, const place& where, const measurement& one) {
    if (one.packets_sent == 0)
        return;
    if (its.sent == nullptr) {
        its.sent = &sent_.Add(labels_of(where));
        its.lost = &lost_.Add(labels_of(where));
    }
    its.sent->Increment(one.packets_sent);
    its.lost->Increment(one.packets_lost);
}

// A failure may come before the certificate is seen, so it leaves the last one standing.
void check_metrics::show_certificate(series& its, const place& where, const model::sample& found) {
    static const std::string name = "ssl_earliest_cert_expiry";
    const auto ends = found.metrics.find(name);
    if (ends != found.metrics.end()) {
        if (its.certificate == nullptr)
            its.certificate = &certificates_.Add(labels_of(where));
        its.certificate->Set(ends->second);
    } else if (found.success && its.certificate != nullptr) {
        certificates_.Remove(std::exchange(its.certificate, nullptr));
    }
}

void check_metrics::observe_lag(const model::sample& found) {
    auto at = lag_of_.find(found.node);
    if (at == lag_of_.end()) {
        if (lag_of_.size() >= most_)
            return;
        at = lag_of_.emplace(found.node, &lags_.Add({{"location", found.node}}, lag_buckets)).first;
    }
    at->second->Observe(std::chrono::duration<double>(found.lag).count());
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

void check_metrics::remove(const series& gone) {
    for (const auto& [what, each] : gone.results)
        results_.Remove(each);
    latencies_.Remove(gone.latency);
    if (gone.sent != nullptr) {
        sent_.Remove(gone.sent);
        lost_.Remove(gone.lost);
    }
    if (gone.certificate != nullptr)
        certificates_.Remove(gone.certificate);
}

void check_metrics::forget(const std::string& check) {
    const place from(check, {}, {});
    const auto is_its = [&check](const auto& at) { return std::get<0>(at->first) == check; };
    for (auto at = series_.lower_bound(from); at != series_.end() && is_its(at); at = series_.erase(at))
        remove(at->second);
    for (auto at = gauges_.lower_bound(from); at != gauges_.end() && is_its(at); at = gauges_.erase(at))
        states_.Remove(at->second);
    std::erase_if(left_, [&check](const auto& each) { return std::get<0>(each) == check; });
    left_out_.Set(static_cast<double>(left_.size()));
}

void check_metrics::keep_locations(const std::set<std::string>& there) {
    std::erase_if(series_, [&](const auto& each) {
        const bool gone = !there.contains(std::get<2>(each.first));
        if (gone)
            remove(each.second);
        return gone;
    });
    std::erase_if(lag_of_, [&](const auto& each) {
        const bool gone = !there.contains(each.first);
        if (gone)
            lags_.Remove(each.second);
        return gone;
    });
    std::erase_if(left_, [&there](const auto& each) { return !there.contains(std::get<2>(each)); });
    left_out_.Set(static_cast<double>(left_.size()));
}

} // namespace ferrule::probes
