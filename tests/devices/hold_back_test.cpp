#include "devices/hold_back.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;

namespace {

base::steady_time at(base::duration span) {
    return base::steady_time(span);
}

} // namespace

TEST_CASE("a refused login is held back for the time, another one is not") {
    devices::hold_back refused(5min);
    CHECK_FALSE(refused.left("a", at(0s)));
    refused.failed("a", at(0s));
    CHECK(refused.left("a", at(1min)) == base::duration(4min));
    CHECK_FALSE(refused.left("b", at(1min)));
    CHECK_FALSE(refused.left("a", at(5min)));
    CHECK_FALSE(refused.left("a", at(1min))); // forgotten, not only over
}

TEST_CASE("a second failure begins the time anew, a success ends it") {
    devices::hold_back refused(5min);
    refused.failed("a", at(0s));
    refused.failed("a", at(4min));
    CHECK(refused.left("a", at(6min)) == base::duration(3min));
    refused.succeeded("a");
    CHECK_FALSE(refused.left("a", at(6min)));
}

TEST_CASE("a time of 0 holds nothing back") {
    devices::hold_back refused(0s);
    refused.failed("a", at(0s));
    CHECK_FALSE(refused.left("a", at(0s)));
}
