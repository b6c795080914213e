#include "base/clock.hpp"

#include <catch2/catch.hpp>

#include <limits>

#include "support/print_result.hpp"

using namespace ferrule::base;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their units") {
    const std::pair<const char*, duration> table[] = {
        {"0", 0s},
        {"0s", 0s},
        {"1ns", 1ns},
        {"7us", 7us},
        {"500ms", 500ms},
        {"10s", 10s},
        {"5m", 5min},
        {"2h", 2h},
        {"7d", 168h},
        {"1h30m", 90min},
        {"1m30s", 90s},
        {"1s500ms", 1500ms},
        {"106751d", 106751 * 24h},
        {"90m", 90min},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        const auto parsed = parse_duration(text);
        REQUIRE(parsed);
        CHECK(*parsed == expected);
    }
}

TEST_CASE("what is no duration is refused with the accepted form") {
    for (const auto* text : {"", "10", "s", "10 s", " 10s", "10s ", "-5s", "+5s", "1.5s", "10S", "10sec", "1h30",
                             "ten seconds", "106752d", "9223372036854775808ns", "99999999999999999999s", "0x10s"}) {
        INFO(text);
        const auto parsed = parse_duration(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == "invalid_duration");
        CHECK(parsed.error().message() == "\"" + std::string(text) +
                                              "\" is not a duration: write a number with a unit, such as 500ms, 10s, "
                                              "5m, 2h or 7d");
    }
}

TEST_CASE("a duration is written in its shortest form and read back to the same value") {
    CHECK(to_text(0s) == "0s");
    CHECK(to_text(90s) == "1m30s");
    CHECK(to_text(36h) == "1d12h");
    CHECK(to_text(1500us) == "1ms500us");
    CHECK(to_text(-90s) == "-1m30s");
    for (const duration each : {duration(1ns), duration(999ms), duration(1h + 1ns), duration(1234567890123456789ns),
                                duration(std::numeric_limits<std::int64_t>::max())}) {
        const auto read = parse_duration(to_text(each));
        REQUIRE(read);
        CHECK(*read == each);
    }
}

TEST_CASE("times are written in RFC 3339 with milliseconds") {
    CHECK(to_rfc3339(wall_time(0ms)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(wall_time(1767323045678ms)) == "2026-01-02T03:04:05.678Z");
    CHECK(to_rfc3339(wall_time(-1ms)) == "1969-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(wall_time(951782400000ms)) == "2000-02-29T00:00:00.000Z");
}

TEST_CASE("RFC 3339 is read with fraction and offset") {
    const std::pair<const char*, std::int64_t> table[] = {
        {"2026-01-02T03:04:05Z", 1767323045000},        {"2026-01-02t03:04:05z", 1767323045000},
        {"2026-01-02 03:04:05Z", 1767323045000},        {"2026-01-02T03:04:05.6Z", 1767323045600},
        {"2026-01-02T03:04:05.678999Z", 1767323045678}, {"2026-01-02T04:04:05+01:00", 1767323045000},
        {"2026-01-01T21:34:05-05:30", 1767323045000},   {"2024-02-29T00:00:00Z", 1709164800000},
        {"2016-12-31T23:59:60Z", 1483228800000},        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (const auto& [text, expected] : table) {
        INFO(text);
        const auto parsed = parse_rfc3339(text);
        REQUIRE(parsed);
        CHECK(parsed->time_since_epoch().count() == expected);
    }
}

TEST_CASE("what is no time is refused") {
    for (const auto* text : {"",
                             "2026-01-02",
                             "2026-01-02T03:04:05",
                             "2026-13-02T03:04:05Z",
                             "2026-02-30T03:04:05Z",
                             "2025-02-29T00:00:00Z",
                             "2026-01-02T24:00:00Z",
                             "2026-01-02T03:60:00Z",
                             "2026-01-02T03:04:61Z",
                             "2026-1-2T3:4:5Z           ",
                             " 026-01-02T03:04:05Z",
                             "-026-01-02T03:04:05Z",
                             "2026-01-02T03:04:05.Z",
                             "2026-01-02T03:04:05+1:300",
                             "2026-01-02T03:04:05+24:00",
                             "2026-01-02T03:04:05+01:60",
                             "2026-01-02T03:04:05Zx",
                             "2026-01-02T03:04:05 Z",
                             "2026-01-02T03:04:05+0100",
                             "2026/01/02T03:04:05Z"}) {
        INFO(text);
        const auto parsed = parse_rfc3339(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == "invalid_time");
    }
}

TEST_CASE("a time survives writing and reading") {
    for (const std::int64_t millis : {0LL, 1LL, 999LL, 1767323045678LL, 253402300799999LL, -62135596800000LL}) {
        const auto read = parse_rfc3339(to_rfc3339(wall_time(std::chrono::milliseconds(millis))));
        REQUIRE(read);
        CHECK(read->time_since_epoch().count() == millis);
    }
}
