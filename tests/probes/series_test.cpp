#include "probes/series.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <random>

using namespace ferrule;
using namespace std::chrono_literals;
using probes::measurement;
using probes::outcome;
using probes::rollup;

namespace {

const base::wall_time day = std::chrono::sys_days(std::chrono::year{2026} / 3 / 1);

measurement result_at(base::wall_time at, std::mt19937& random) {
    measurement made;
    made.at = at;
    made.what = std::array{outcome::up, outcome::up, outcome::up, outcome::down, outcome::unknown, outcome::excused}.at(
        random() % 6);
    if (made.what == outcome::up)
        made.latency_ms = static_cast<double>(random() % 100'000) / 1000;
    return made;
}

void same_figures(const rollup& found, const rollup& wanted) {
    CHECK(found.count == wanted.count);
    CHECK(found.ok == wanted.ok);
    CHECK(found.unknown == wanted.unknown);
    CHECK(found.excused == wanted.excused);
    CHECK(found.sum_ms == Approx(wanted.sum_ms));
    CHECK(found.min_ms == wanted.min_ms);
    CHECK(found.max_ms == wanted.max_ms);
    CHECK(found.latency == wanted.latency);
}

rollup by_hand(const std::vector<measurement>& all, base::wall_time from, base::wall_time until) {
    rollup made;
    for (const auto& each : all)
        if (each.at >= from && each.at < until)
            made.add(each);
    return made;
}

} // namespace

TEST_CASE("the figures of any window are those of all results in the part that it covers") {
    std::mt19937 random(3);
    probes::series kept;
    std::vector<measurement> all;
    auto now = day;
    for (int i = 0; i < 6000; ++i) {
        now += std::chrono::milliseconds(1000 + random() % 20'000);
        const bool late = random() % 10 == 0;
        all.push_back(result_at(late ? now - std::chrono::milliseconds(random() % 7'200'000) : now, random));
        kept.add(all.back(), now);
    }
    int exact_begin = 0;
    for (int i = 0; i < 500; ++i) {
        auto from = day + std::chrono::milliseconds(random() % static_cast<std::uint64_t>((now - day) / 1ms));
        auto until = from + std::chrono::milliseconds(random() % 40'000'000);
        if (i % 3 == 0)
            until = now;
        if (i % 5 == 0)
            from =
                std::max<base::wall_time>(day, std::min(until, now) - std::chrono::milliseconds(random() % 3'600'000));
        if (until < from)
            std::swap(from, until);
        const auto found = kept.window(from, until);
        REQUIRE(found.from >= from);
        REQUIRE(found.until <= std::max(until, from));
        if (found.from < found.until)
            REQUIRE(found.from - from <= 1h);
        exact_begin += found.from == from ? 1 : 0;
        same_figures(found.total, by_hand(all, found.from, found.until));
    }
    CHECK(exact_begin > 0);
    const auto last = kept.window(now - 30min, now);
    CHECK(last.from - (now - 30min) < 1min);
    CHECK(last.until == now);
}

TEST_CASE("a window of which nothing is kept is empty and says so") {
    const probes::series none;
    const auto found = none.window(day, day + 3h);
    CHECK(found.until == day + 3h); // nothing was dropped, so that is all there ever was
    CHECK_FALSE(found.total.availability());
    CHECK_FALSE(found.total.quantile_ms(0.5));
    const auto nothing = none.window(day, day);
    CHECK(nothing.from == nothing.until);
}

TEST_CASE("hours are handed out when they change, and late parts of dropped ones as parts") {
    std::mt19937 random(8);
    probes::series kept({2h, 10min, 5});
    kept.add(result_at(day + 1min, random), day + 1min);
    kept.add(result_at(day + 61min, random), day + 61min);
    auto changed = kept.take_changed();
    REQUIRE(changed.size() == 2);
    CHECK(changed[0].figures.start == day);
    CHECK(changed[1].figures.start == day + 1h);
    CHECK(changed[0].whole);
    CHECK(kept.take_changed().empty());
    kept.add(result_at(day + 5h, random), day + 5h);
    CHECK(kept.hourly().size() == 1);
    kept.add(result_at(day + 2min, random), day + 5h);
    changed = kept.take_changed();
    REQUIRE(changed.size() == 2);
    CHECK_FALSE(changed[0].whole);
    CHECK(changed[0].figures.start == day);
    CHECK(changed[1].whole);
    CHECK(kept.take_changed().empty());
}

TEST_CASE("an hour that is not written down yet is not dropped") {
    std::mt19937 random(8);
    probes::series kept({1h, 10min, 5});
    kept.add(result_at(day, random), day);
    kept.add(result_at(day + 10h, random), day + 10h);
    CHECK(kept.hourly().size() == 2);
    CHECK(kept.take_changed().size() == 2);
    kept.add(result_at(day + 10h, random), day + 10h);
    CHECK(kept.hourly().size() == 1);
}

TEST_CASE("a series that was kept goes on where it was") {
    std::mt19937 random(21);
    probes::series one({6h, 30min, 20});
    auto now = day;
    for (int i = 0; i < 3000; ++i) {
        now += 10s;
        one.add(result_at(random() % 5 == 0 ? now - 2h : now, random), now);
        one.add_counter("sent_total", i, now);
        if (i == 1000)
            (void)one.take_changed();
    }
    const auto text = base::dump(one.to_json());
    auto other = probes::series::from_json(base::parse_json(text).value(), {6h, 30min, 20});
    REQUIRE(other);
    CHECK(base::dump(other->to_json()) == text);
    one.add_counter("sent_total", 5000, now);
    other->add_counter("sent_total", 5000, now);
    const auto wanted = one.window(now - 5h, now);
    const auto found = other->window(now - 5h, now);
    CHECK(found.from == wanted.from);
    CHECK(found.total == wanted.total);
    CHECK(one.take_changed().size() == other->take_changed().size());
}

TEST_CASE("counters that begin anew give no negative increase") {
    probes::counters all;
    const auto read = [&](double value, base::duration after) {
        return all.increase("x", value, day + std::chrono::duration_cast<std::chrono::milliseconds>(after));
    };
    CHECK(read(100, 0s) == 0);
    CHECK(read(130, 1s) == 30);
    CHECK(read(7, 2s) == 7);       // restarted
    CHECK(read(120, 1500ms) == 0); // late
    CHECK(read(10, 3s) == 3);
    CHECK(read(-1, 4s) == 0);
    CHECK(read(std::nan(""), 4s) == 0);
    CHECK(read(12, 5s) == 2);
}

TEST_CASE("merged rollups are those of all results, and come back from their JSON") {
    std::mt19937 random(4);
    rollup all;
    rollup merged;
    for (int part = 0; part < 5; ++part) {
        rollup one;
        for (int i = 0; i < 200; ++i) {
            const auto result = result_at(day, random);
            all.add(result);
            one.add(result);
        }
        one.increases["bytes_total"] = part;
        merged.merge(one);
    }
    same_figures(merged, all);
    CHECK(merged.increases.at("bytes_total") == 10);
    CHECK(*merged.availability() == Approx(static_cast<double>(all.ok) / static_cast<double>(all.count)));
    CHECK(*merged.quantile_ms(0) >= merged.min_ms);
    CHECK(*merged.quantile_ms(1) <= merged.max_ms);
    const auto read = probes::rollup_from_json(base::parse_json(base::dump(to_json(merged))).value());
    REQUIRE(read);
    CHECK(*read == merged);
    const auto refused = probes::rollup_from_json(
        base::parse_json(R"({"start":"2026-03-01T00:00:00Z","count":1,"ok":2,"bogus":1})").value());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message() == "ok: must not be more than count; bogus: unknown key");
}
