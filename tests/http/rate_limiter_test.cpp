#include "http/rate_limiter.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::http;
using namespace std::chrono_literals;

namespace {
const base::steady_time start{base::duration(1h)};
}

TEST_CASE("a bucket lets a burst through, then the rate") {
    token_bucket bucket(8, 3, start);
    for (int i = 0; i < 3; ++i)
        CHECK_FALSE(bucket.take(start));
    CHECK(bucket.take(start) == base::duration(125ms));
    CHECK(bucket.take(start + 62500us) == base::duration(63ms));
    CHECK_FALSE(bucket.take(start + 125ms));
    CHECK(bucket.take(start + 125ms));
}

TEST_CASE("a bucket never holds more than its burst") {
    token_bucket bucket(10, 2, start);
    CHECK(bucket.full(start));
    CHECK_FALSE(bucket.take(start + 1h));
    CHECK_FALSE(bucket.full(start + 1h));
    CHECK_FALSE(bucket.take(start + 1h));
    CHECK(bucket.take(start + 1h));
    CHECK(bucket.full(start + 2h));
}

TEST_CASE("callers do not share their buckets") {
    rate_limiter limiter(1, 1);
    CHECK_FALSE(limiter.take("a", start));
    CHECK(limiter.take("a", start) == base::duration(1s));
    CHECK_FALSE(limiter.take("b", start));
}

TEST_CASE("callers that have been quiet are forgotten") {
    rate_limiter limiter(1, 1);
    for (int i = 0; i < 1024; ++i)
        CHECK_FALSE(limiter.take("caller " + std::to_string(i), start));
    CHECK(limiter.size() == 1024);
    CHECK_FALSE(limiter.take("the next", start + 1h));
    CHECK(limiter.size() == 1);
}

TEST_CASE("rate 0 means no limit") {
    rate_limiter limiter(0, 1);
    for (int i = 0; i < 10; ++i)
        CHECK_FALSE(limiter.take("a", start));
    CHECK(limiter.size() == 0);
}
