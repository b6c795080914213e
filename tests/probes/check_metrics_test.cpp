#include "probes/check_metrics.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace ferrule;
using namespace std::chrono_literals;
using probes::measurement;
using probes::outcome;

namespace {

model::sample from(const std::string& node, const std::string& target = "r1") {
    model::sample made;
    made.check = "edge";
    made.target = target;
    made.node = node;
    made.success = true;
    return made;
}

measurement burst(std::uint32_t sent, std::uint32_t lost) {
    measurement made;
    made.what = outcome::up;
    made.packets_sent = sent;
    made.packets_lost = lost;
    return made;
}

// A sample of a family with such a label; none when there is none.
std::optional<prometheus::ClientMetric> found(const prometheus::Registry& in, const std::string& family,
                                              const std::string& label, const std::string& value) {
    for (const auto& each : in.Collect())
        if (each.name == family)
            for (const auto& metric : each.metric)
                for (const auto& known : metric.label)
                    if (known.name == label && known.value == value)
                        return metric;
    return std::nullopt;
}

std::size_t series_of(const prometheus::Registry& in, const std::string& family) {
    for (const auto& each : in.Collect())
        if (each.name == family)
            return each.metric.size();
    return 0;
}

double left_out(const prometheus::Registry& in) {
    for (const auto& each : in.Collect())
        if (each.name == "ferrule_check_series_left_out")
            return each.metric.at(0).gauge.value;
    return -1;
}

constexpr auto sent_total = "ferrule_check_packets_sent_total";
constexpr auto lost_total = "ferrule_check_packets_lost_total";
constexpr auto expiry = "ferrule_check_certificate_expiry_timestamp_seconds";
constexpr auto lag = "ferrule_check_location_lag_seconds";

} // namespace

TEST_CASE("packets of checks are counted by target and location, where the probe counts them") {
    prometheus::Registry figures;
    probes::check_metrics shown(figures, 2);
    shown.measured(from("ams"), burst(0, 0));
    CHECK(series_of(figures, sent_total) == 0);
    shown.measured(from("ams"), burst(10, 3));
    shown.measured(from("ams"), burst(10, 0));
    shown.measured(from("fra"), burst(5, 5));
    shown.measured(from("sin"), burst(5, 5)); // beyond the limit
    CHECK(found(figures, sent_total, "location", "ams")->counter.value == 20);
    CHECK(found(figures, lost_total, "location", "ams")->counter.value == 3);
    CHECK(found(figures, lost_total, "location", "fra")->counter.value == 5);
    CHECK(found(figures, lost_total, "location", "fra")->label.size() == 3);
    CHECK(series_of(figures, sent_total) == 2);
    CHECK(left_out(figures) == 1);
    shown.forget("edge");
    CHECK(series_of(figures, sent_total) == 0);
    CHECK(series_of(figures, lost_total) == 0);
}

TEST_CASE("the end of a certificate stays through failures and goes with a success that shows none") {
    prometheus::Registry figures;
    probes::check_metrics shown(figures, 10);
    auto result = from("ams");
    shown.measured(result, {});
    CHECK(series_of(figures, expiry) == 0);
    result.metrics["ssl_earliest_cert_expiry"] = 1'800'000'000;
    shown.measured(result, {});
    CHECK(found(figures, expiry, "target", "r1")->gauge.value == 1'800'000'000);
    result.metrics.clear();
    result.success = false;
    shown.measured(result, {});
    CHECK(found(figures, expiry, "target", "r1")->gauge.value == 1'800'000'000);
    result.success = true;
    shown.measured(result, {});
    CHECK(series_of(figures, expiry) == 0);
    result.metrics["ssl_earliest_cert_expiry"] = 1'900'000'000;
    shown.measured(result, {});
    CHECK(series_of(figures, expiry) == 1);
    shown.forget("edge");
    CHECK(series_of(figures, expiry) == 0);
}

TEST_CASE("latencies up to the usual timeouts have buckets of their own") {
    prometheus::Registry figures;
    probes::check_metrics shown(figures, 10);
    measurement slow;
    slow.what = outcome::up;
    for (const double ms : {4'000.0, 9'000.0, 11'000.0}) {
        slow.latency_ms = ms;
        shown.measured(from("ams"), slow);
    }
    const auto latency = found(figures, "ferrule_check_latency_seconds", "location", "ams")->histogram;
    REQUIRE(latency.bucket.size() > 3);
    const auto last = latency.bucket.rbegin(); // that without a bound
    CHECK(last->cumulative_count == 3);
    CHECK((last + 1)->upper_bound == 10);
    CHECK((last + 1)->cumulative_count == 2);
    CHECK((last + 2)->upper_bound == 5);
    CHECK((last + 2)->cumulative_count == 1);
    CHECK((last + 3)->cumulative_count == 0);
}

TEST_CASE("each location's lag is told, of no more locations than may have series, until it is gone") {
    prometheus::Registry figures;
    probes::check_metrics shown(figures, 2);
    auto late = from("ams");
    late.lag = 50ms;
    shown.measured(late, {});
    late.lag = 2s;
    shown.measured(late, {});
    shown.measured(from("fra"), {});
    shown.measured(from("sin"), {});
    CHECK(series_of(figures, lag) == 2);
    const auto of_ams = found(figures, lag, "location", "ams")->histogram;
    CHECK(of_ams.sample_count == 2);
    CHECK(of_ams.sample_sum == Approx(2.05));
    CHECK(found(figures, lag, "location", "fra")->histogram.sample_sum == 0);
    shown.keep_locations({"fra", "sin"});
    CHECK_FALSE(found(figures, lag, "location", "ams"));
    CHECK_FALSE(found(figures, "ferrule_check_results_total", "location", "ams"));
    CHECK(found(figures, "ferrule_check_results_total", "location", "fra"));
    CHECK(left_out(figures) == 1); // that of sin
    shown.measured(from("sin"), {});
    CHECK(found(figures, lag, "location", "sin"));
    CHECK(left_out(figures) == 0);
    CHECK(found(figures, "ferrule_check_results_total", "location", "sin"));
}
