#include "http/request_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <mutex>
#include <tuple>

namespace ferrule::http {

namespace {

/// Finds a series in a small map of its own: prometheus-cpp would hash all labels for each request.
class request_metrics {
  public:
    explicit request_metrics(prometheus::Registry& registry)
        : requests_(prometheus::BuildCounter()
                        .Name("ferrule_http_requests_total")
                        .Help("HTTP requests that were answered")
                        .Register(registry))
        , durations_(prometheus::BuildHistogram()
                         .Name("ferrule_http_request_duration_seconds")
                         .Help("Time from the complete request to its response; for streams their length")
                         .Register(registry)) {}

    void note(const request& done, unsigned status, base::duration took) {
        const std::chrono::duration<double> seconds = took;
        const std::lock_guard lock(mutex_);
        auto& at = series_for(done, status);
        at.count->Increment();
        at.duration->Observe(seconds.count());
    }

  private:
    struct series {
        prometheus::Counter* count;
        prometheus::Histogram* duration;
    };

    series& series_for(const request& done, unsigned status) {
        const auto known = series_.find({done.route, done.verb, status});
        if (known != series_.end())
            return known->second;
        const std::string pattern = done.route != nullptr ? done.route->pattern : "none";
        const auto verb = boost::beast::http::to_string(done.verb);
        const std::string method = done.verb == method::unknown ? "unknown" : std::string(verb.data(), verb.size());
        auto& count = requests_.Add({{"route", pattern}, {"method", method}, {"status", std::to_string(status)}});
        auto& duration =
            durations_.Add({{"route", pattern}},
                           prometheus::Histogram::BucketBoundaries{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                                   0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60});
        return series_.emplace(key(done.route, done.verb, status), series{&count, &duration}).first->second;
    }

    using key = std::tuple<const route*, http::method, unsigned>;

    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Family<prometheus::Histogram>& durations_;
    std::mutex mutex_;
    std::map<key, series> series_;
};

} // namespace

observer make_request_metrics(prometheus::Registry& registry) {
    auto metrics = std::make_shared<request_metrics>(registry);
    return [metrics](const request& done, unsigned status, base::duration took) { metrics->note(done, status, took); };
}

} // namespace ferrule::http
