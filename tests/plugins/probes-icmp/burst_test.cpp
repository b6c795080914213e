#include "icmp/burst.hpp"
#include "icmp/rtt_statistics.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace ferrule::icmp;

namespace {

constexpr stamp_ns ms = 1'000'000;

burst a_burst(std::uint16_t count, time_ns interval, time_ns timeout, time_ns deadline = 1000 * grid) {
    burst made;
    made.start({count, interval, timeout, 0, deadline});
    return made;
}

/// A packet that leaves at a time on both clocks.
departure at(stamp_ns time) {
    return {1'000'000'000 + time, time};
}

} // namespace

TEST_CASE("packets are sent at fixed times on the grid, whenever the one before went out") {
    auto run = a_burst(3, 10 * grid + 1, 50 * grid);
    CHECK(run.due() == 0);
    run.sent(0, at(3 * ms), 3 * grid);
    CHECK(run.due() == 11 * grid);
    CHECK_FALSE(run.wants_to_send(11 * grid - 1));
    CHECK(run.wants_to_send(11 * grid));
    run.sent(1, at(12 * ms), 12 * grid);
    CHECK(run.due() == 21 * grid);
    run.sent(2, at(21 * ms), 21 * grid);
    CHECK(run.due() == 71 * grid);
    CHECK_FALSE(run.finished(71 * grid - 1));
    CHECK(run.finished(71 * grid));
}

TEST_CASE("a reply later than the timeout is late and its packet is lost") {
    auto run = a_burst(2, 0, 10 * grid);
    run.sent(0, at(0), 0);
    run.sent(1, at(0), 0);
    CHECK(run.answered(0, at(10 * ms + 1), 64) == burst::verdict::late);
    CHECK(run.answered(1, at(10 * ms), 64) == burst::verdict::counted);
    CHECK(run.answered(0, at(11 * ms), 64) == burst::verdict::duplicate);
    CHECK(run.finished(11 * grid));
    CHECK(run.tally().received == 1);
    CHECK(run.tally().late == 1);
    CHECK(run.tally().duplicates == 1);
    CHECK(run.unanswered() == 1);
}

TEST_CASE("a round trip is the difference of the kernel's stamps, and of our own clock when the wall clock was set") {
    auto run = a_burst(4, 0, 100 * grid);
    for (int i = 0; i < 4; ++i) {
        run.sent(0, at(0), 0);
    }
    run.stamped(0, 1'000'000'000 + 200);
    run.answered(0, {1'000'000'000 + 1200, 5000}, -1);
    CHECK(run.packets()[0].rtt == 1000);
    run.answered(1, {900'000'000, 5000}, -1); // set back
    CHECK(run.packets()[1].rtt == 5000);
    run.answered(2, {2'000'000'000, 6000}, -1); // set forward
    CHECK(run.packets()[2].rtt == 6000);
    run.answered(3, {0, 7000}, -1); // no stamp
    CHECK(run.packets()[3].rtt == 7000);
    CHECK(run.hop_limit() == -1);
}

TEST_CASE("a reply after an ICMP error about the same packet takes its place") {
    auto run = a_burst(1, 0, 100 * grid);
    run.sent(0, at(0), 0);
    CHECK(run.refused(0, describe_icmp(family::v4, 3, 1, 0, "192.0.2.1")));
    CHECK_FALSE(run.refused(0, describe_icmp(family::v4, 3, 1, 0, "192.0.2.1")));
    CHECK(run.finished(0));
    CHECK(run.answered(0, at(ms), 64) == burst::verdict::counted);
    CHECK(run.tally().refused == 0);
    CHECK(run.tally().received == 1);
}

TEST_CASE("replies to packets that were never sent are unknown") {
    auto run = a_burst(3, 0, 100 * grid);
    run.not_sent(describe_send(EMSGSIZE, 2028, 1500), 0);
    CHECK(run.answered(0, at(0), 64) == burst::verdict::unknown);
    CHECK(run.answered(1, at(0), 64) == burst::verdict::unknown);
    CHECK(run.answered(9, at(0), 64) == burst::verdict::unknown);
    CHECK_FALSE(run.refused(2, describe_icmp(family::v4, 3, 1, 0, "192.0.2.1")));
    CHECK(run.tally().not_sent == 1);
    REQUIRE(run.error() != nullptr);
    CHECK(run.error()->sentence == "A packet of 2028 bytes does not fit the path's MTU of 1500 and must not be "
                                   "fragmented; lower 'size' or leave out 'dont_fragment'.");
}

TEST_CASE("the deadline ends a burst with packets unsent") {
    auto run = a_burst(5, 100 * grid, 100 * grid, 150 * grid);
    run.sent(0, at(0), 0);
    run.sent(1, at(100 * ms), 100 * grid);
    CHECK(run.due() == 150 * grid);
    CHECK(run.finished(150 * grid));
    CHECK_FALSE(run.wants_to_send(150 * grid));
}

TEST_CASE("round trips become minimum, average, maximum, deviation and the jitter of RFC 3550") {
    rtt_statistics times;
    for (const auto rtt : {16'000, 32'000, 16'000}) {
        times.add(rtt);
    }
    CHECK(times.min() == 16'000);
    CHECK(times.max() == 32'000);
    CHECK(times.average() == Approx(21'333.33));
    CHECK(times.deviation() == Approx(7'542.47));
    CHECK(times.jitter() == Approx(1000 + (16'000 - 1000) / 16.0));
}

TEST_CASE("the median is the middle round trip, or the mean of the two in the middle") {
    const auto of = [](std::vector<std::int64_t> rtts) { return median(rtts); };
    CHECK(of({}) == 0);
    CHECK(of({7}) == 7);
    CHECK(of({9, 1}) == 5);
    CHECK(of({900, 1, 3}) == 3);
    CHECK(of({8, 2, 1'000, 4}) == 6);
    CHECK(of({5, 5, 1, 5, 9}) == 5);
}
