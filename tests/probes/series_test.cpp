#include "probes/series.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <array>
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
    made.packets_sent = static_cast<std::uint32_t>(at.time_since_epoch().count() % 10);
    made.packets_lost = made.packets_sent / 2;
    made.packets_lost_local = made.packets_sent / 4;
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
    CHECK(found.packets_sent == wanted.packets_sent);
    CHECK(found.packets_lost == wanted.packets_lost);
    CHECK(found.packets_lost_local == wanted.packets_lost_local);
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
        merged.merge(one);
    }
    same_figures(merged, all);
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

TEST_CASE("loss is of the packets of which it is known, failures in maintenance left out") {
    const auto burst = [](outcome what, std::uint32_t sent, std::uint32_t lost, std::uint32_t lost_local) {
        measurement made;
        made.what = what;
        made.packets_sent = sent;
        made.packets_lost = lost;
        made.packets_lost_local = lost_local;
        return made;
    };
    rollup all;
    CHECK_FALSE(all.loss_ratio());
    CHECK_FALSE(to_json(all).contains("packets_sent"));
    CHECK_FALSE(figures_json(all).contains("loss_ratio"));
    all.add(burst(outcome::unknown, 4, 0, 4));
    CHECK(figures_json(all)["loss_ratio"].is_null());
    all.add(burst(outcome::up, 10, 3, 2));
    all.add(burst(outcome::down, 2, 2, 0));
    all.add(burst(outcome::excused, 10, 10, 0));
    const auto figures = figures_json(all);
    CHECK(figures["packets_sent"] == 16);
    CHECK(figures["packets_lost"] == 5);
    CHECK(figures["packets_lost_local"] == 6);
    CHECK(figures["loss_ratio"] == 0.5);
    const auto text = base::dump(to_json(all));
    CHECK(probes::rollup_from_json(base::parse_json(text).value()).value() == all);
    const auto bad = probes::rollup_from_json(
        base::parse_json(R"({"start":"2026-03-01T00:00:00Z","packets_sent":3,"packets_lost":2,"packets_lost_local":2})")
            .value());
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message() == "packets_lost: must not be more than were sent");
    const auto old =
        probes::rollup_from_json(base::parse_json(R"({"start":"2026-03-01T00:00:00Z","count":1})").value());
    REQUIRE(old);
    CHECK_FALSE(old->loss_ratio());
}
