#include "base/error.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

using ferrule::error;

TEST_CASE("an error seen from further up keeps its code and says where it was") {
    const error made("connect_timeout", "192.0.2.1 did not answer", true, R"({"port":22})");
    const auto seen = made.within("device r1");
    CHECK(seen.code() == "connect_timeout");
    CHECK(seen.message() == "device r1: 192.0.2.1 did not answer");
    CHECK(seen.retryable());
    CHECK(seen.details() == made.details());
}

TEST_CASE("asking a failure for its value throws with the reason") {
    const ferrule::result<int> failed = error("nope", "there is none");
    CHECK_THROWS_WITH(failed.value(), "nope: there is none");
    CHECK(ferrule::ok());
    CHECK(ferrule::result<int>(3).error() == error());
}
