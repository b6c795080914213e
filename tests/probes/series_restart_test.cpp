#include "probes/series.hpp"
#include "probes/unwritten_samples.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using probes::measurement;
using probes::outcome;

namespace {

const base::wall_time hour{std::chrono::floor<std::chrono::hours>(base::wall_time{1'760'000'000'000ms})};

measurement good(base::wall_time at) {
    measurement made;
    made.at = at;
    made.what = outcome::up;
    made.latency_ms = 1.0;
    return made;
}

} // namespace

TEST_CASE("a result is new unless its time was given, and nothing from before the recent ones is") {
    probes::series_limits few;
    few.samples = 3;
    probes::series kept(few);
    CHECK(kept.is_new(hour));
    for (int i = 1; i <= 5; ++i)
        kept.add(good(hour + i * 10s), hour + i * 10s);
    CHECK(kept.is_new(hour + 60s));
    CHECK_FALSE(kept.is_new(hour + 50s));
    CHECK(kept.is_new(hour + 45s)); // late, but it cannot have been given
    CHECK_FALSE(kept.is_new(hour + 10s));
    CHECK_FALSE(kept.is_new(hour + 15s));
}

TEST_CASE("hours that could not be written are taken again, parts of old ones included") {
    probes::series_limits short_memory;
    short_memory.hours = 1h;
    probes::series kept(short_memory);
    kept.add(good(hour), hour);
    auto taken = kept.take_changed();
    REQUIRE(taken.size() == 1);
    CHECK(kept.take_changed().empty());
    kept.give_back(std::move(taken));
    REQUIRE(kept.take_changed().size() == 1);
    kept.add(good(hour + 5h), hour + 5h); // the first hour is out of memory now
    kept.add(good(hour + 1min), hour + 5h);
    auto parts = kept.take_changed();
    REQUIRE(parts.size() == 2);
    CHECK_FALSE(parts[0].whole);
    kept.give_back(std::move(parts));
    kept.add(good(hour + 2min), hour + 5h);
    const auto again = kept.take_changed();
    REQUIRE(again.size() == 2);
    CHECK(again[0].figures.count == 2);
}

TEST_CASE("a history goes on from written hours and recalled results without counting any twice") {
    probes::series before;
    for (int i = 0; i < 10; ++i)
        before.add(good(hour + i * 1min), hour + i * 1min);
    const auto now = hour + 10min;
    probes::series after;
    after.restore_hour(before.take_changed().front().figures);
    for (int i = 5; i < 10; ++i)
        after.recall(good(hour + i * 1min), now);
    after.forget_before(hour + 5min);
    CHECK_FALSE(after.is_new(hour + 7min));
    CHECK_FALSE(after.is_new(hour + 2min));
    CHECK(after.window(hour, hour + 1h).total.count == 10);
    const auto late = after.window(hour + 2min, now);
    CHECK(late.from == hour + 5min);
    CHECK(late.total.count == 5);
    after.add(good(now), now);
    CHECK(after.window(hour, hour + 1h).total.count == 11);
}

TEST_CASE("samples that wait for the disk are bounded: the oldest of each check go first, and are counted") {
    probes::unwritten_samples waiting(100);
    for (int i = 0; i < 12; ++i)
        waiting.add(i % 2 == 0 ? "a" : "b", std::string(10, static_cast<char>('0' + i % 10)));
    CHECK(waiting.take_dropped() == 4);
    auto all = waiting.take();
    CHECK(all.count == 8);
    CHECK(all.samples["a"].front() == std::string(10, '4'));
    CHECK(waiting.empty());
    waiting.add("a", "late");
    waiting.give_back(std::move(all));
    const auto again = waiting.take();
    CHECK(again.count == 9);
    CHECK(again.samples.at("a").back() == "late");
}
