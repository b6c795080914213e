#include "base/log_pace.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;

TEST_CASE("the first is news, and later ones are counted until their time has come") {
    base::log_pace pace(1min);
    const base::steady_time start{5s};
    CHECK(pace.take(start) == 1u);
    CHECK_FALSE(pace.take(start));
    CHECK_FALSE(pace.take(start + 59s));
    CHECK(pace.take(start + 60s) == 3u);
    CHECK_FALSE(pace.take(start + 61s));
    CHECK(pace.take(start + 10min) == 2u);
}
