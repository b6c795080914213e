#include "probes/histogram.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

using namespace ferrule;
using probes::histogram;

namespace {

// The smallest value that at least `percent` of all do not exceed.
double exact(std::vector<double> values, unsigned percent) {
    std::sort(values.begin(), values.end());
    const auto rank = std::max<std::size_t>((values.size() * percent + 99) / 100, 1);
    return values[rank - 1];
}

} // namespace

TEST_CASE("quantiles are at most 1 in 128 off the exact ones, whatever the distribution") {
    std::mt19937 random(42);
    std::lognormal_distribution<double> usual(1.0, 1.5);
    std::uniform_real_distribution<double> even(0.00001, 90'000);
    std::exponential_distribution<double> tail(0.01);
    const std::vector<std::function<double()>> sources{
        [&] { return usual(random); }, [&] { return even(random); }, [&] { return tail(random) + 0.007; },
        [&] { return random() % 10 == 0 ? 2000.0 : 0.048; }, [] { return 12.5; }};
    for (const auto& source : sources)
        for (const std::size_t size : {1U, 2U, 10U, 999U, 20'000U}) {
            histogram counted;
            std::vector<double> values(size);
            for (auto& each : values) {
                each = std::round(source() * 1e6) / 1e6;
                counted.add(each);
            }
            for (const unsigned percent : {0U, 1U, 7U, 50U, 90U, 95U, 99U, 100U}) {
                const auto wanted = exact(values, percent);
                const auto found = counted.quantile(percent / 100.0);
                REQUIRE(found);
                INFO(size << " values, " << percent << " %: " << *found << " for " << wanted);
                CHECK(std::abs(*found - wanted) <= wanted / 128 + 1e-9);
            }
        }
}

TEST_CASE("merged histograms are the histogram of all values") {
    std::mt19937 random(1);
    histogram all;
    histogram merged;
    for (int part = 0; part < 20; ++part) {
        histogram one;
        for (int i = 0; i < 100; ++i) {
            const double value = static_cast<double>(random() % 10'000'000) / 1000;
            all.add(value);
            one.add(value);
        }
        merged.merge(one);
    }
    CHECK(merged == all);
    merged.merge(histogram());
    CHECK(merged == all);
    merged.merge(merged);
    CHECK(merged.count() == 4000);
    CHECK(merged.quantile(0.9) == all.quantile(0.9));
}

TEST_CASE("odd values do not disturb a histogram") {
    histogram counted;
    CHECK_FALSE(counted.quantile(0.5));
    counted.add(std::numeric_limits<double>::quiet_NaN());
    counted.add(std::numeric_limits<double>::infinity());
    counted.add(1e13);
    CHECK(counted.count() == 0);
    counted.add(-5);
    counted.add(0);
    CHECK(counted.quantile(1) == 0.0);
    counted.add(1e12);
    CHECK(*counted.quantile(1) == Approx(1e12).epsilon(0.008));
    CHECK(counted.quantile(std::numeric_limits<double>::infinity()) == counted.quantile(1));
    CHECK(counted.count() == 3);
}

TEST_CASE("a histogram comes back from its JSON, the largest value included") {
    histogram counted;
    for (int i = 0; i < 1000; ++i)
        counted.add(i * 0.37);
    counted.add(1e12);
    const auto read = histogram::from_json(base::parse_json(base::dump(counted.to_json())).value());
    REQUIRE(read);
    CHECK(*read == counted);
    for (const auto* bad : {"{}", "[1]", "[[1]]", "[[1,0]]", "[[2,1],[1,1]]", "[[1,1],[1,1]]", "[[-1,1]]",
                            "[[70000,1]]", "[[1,1.5]]", "[[4000,1]]", "[[1,18446744073709551615]]"}) {
        INFO(bad);
        const auto refused = histogram::from_json(base::parse_json(bad).value());
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == "corrupt_record");
    }
}
