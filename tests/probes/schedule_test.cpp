#include "probes/schedule.hpp"

#include "probes/phase.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

using namespace ferrule;
using namespace std::chrono_literals;
using probes::due_run;

namespace {

base::steady_time at(base::duration span) {
    return base::steady_time(span);
}

std::vector<due_run> take(probes::schedule& from, base::steady_time now, std::size_t most = SIZE_MAX) {
    std::vector<due_run> runs;
    from.take(now, most, runs);
    return runs;
}

} // namespace

TEST_CASE("each tick of a simulated day is taken once or counted as missed once, however the clock jumps") {
    std::mt19937 random(20260417);
    const auto below = [&random](std::int64_t end) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
    };
    const auto origin = at(-5h);
    probes::schedule plan(origin);

    struct item {
        base::duration interval, phase;
        std::set<std::int64_t> taken;
        std::uint64_t missed = 0;
    };

    std::vector<item> items(40);
    for (auto& each : items) {
        each.interval = std::chrono::milliseconds(1000 + below(100'000));
        each.phase = std::chrono::milliseconds(below(each.interval / 1ms));
        plan.add(each.interval, each.phase, at(0s));
    }
    const auto run_due = [&](base::steady_time when, std::size_t most) {
        for (const auto& run : take(plan, when, most)) {
            auto& one = items[run.id];
            const auto since = run.at - origin - one.phase;
            REQUIRE(since % one.interval == 0ns);
            CHECK(one.taken.insert(since / one.interval).second);
            CHECK(run.lag == when - run.at);
            CHECK(run.lag < one.interval);
            CHECK_FALSE(run.retry);
            one.missed += run.missed;
        }
    };
    auto now = at(0s) - 1ns;
    while (now < at(24h)) {
        switch (below(20)) {
        case 0: // suspended for a while
            now += std::chrono::seconds(below(1200));
            break;
        case 1: // a clock that goes back
            run_due(now - 10s, SIZE_MAX);
            break;
        case 2: // late
            now = std::max(now, *plan.next()) + std::chrono::microseconds(below(5'000'000));
            break;
        default:
            now = std::max(now, *plan.next());
        }
        run_due(now, below(3) == 0 ? 1 : SIZE_MAX); // what a small batch leaves is due at once
    }
    run_due(now, SIZE_MAX);
    CHECK(take(plan, now - 10s).empty());
    std::uint64_t missed = 0;
    for (const auto& each : items) {
        const auto begin = 0s - origin.time_since_epoch() - each.phase; // from the first tick of all
        const auto first = (begin + each.interval - 1ns) / each.interval;
        const auto last = (begin + now.time_since_epoch()) / each.interval;
        CHECK(*each.taken.begin() >= first);
        CHECK(each.taken.size() + each.missed == static_cast<std::uint64_t>(last - first + 1));
        missed += each.missed;
    }
    CHECK(missed > 0);
    CHECK(plan.missed() == missed);
}

TEST_CASE("phases never drift, whatever the lag of each run") {
    probes::schedule plan(at(0s));
    plan.add(10s, 3s, at(1h));
    for (int i = 0; i < 1000; ++i) {
        const auto tick = *plan.next();
        CHECK(tick == at(1h + 3s + i * 10s));
        const auto runs = take(plan, tick + 2s);
        REQUIRE(runs.size() == 1);
        CHECK(runs[0].lag == 2s);
    }
    CHECK(plan.missed() == 0);
}

TEST_CASE("of many ticks that passed unseen the latest is run, the others are missed") {
    probes::schedule plan(at(0s));
    plan.add(10s, 1s, at(0s));
    const auto runs = take(plan, at(45s));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].at == at(41s));
    CHECK(runs[0].lag == 4s);
    CHECK(runs[0].missed == 4);
    CHECK(plan.next() == at(51s));
}

TEST_CASE("a retry runs between ticks and moves none of them") {
    probes::schedule plan(at(0s));
    const auto id = plan.add(60s, 0s, at(0s));
    CHECK(take(plan, at(0s)).size() == 1);
    plan.retry(id, at(15s + 300us));
    CHECK(plan.next() == at(15s + 1ms)); // the grid
    CHECK(take(plan, at(15s)).empty());
    const auto runs = take(plan, at(15s + 1ms));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].retry);
    CHECK(runs[0].missed == 0);
    CHECK(plan.next() == at(60s));

    SECTION("one that would come after the tick gives way to it") {
        plan.retry(id, at(75s));
        CHECK(plan.next() == at(60s));
        CHECK_FALSE(take(plan, at(60s)).at(0).retry);
        CHECK(plan.next() == at(120s));
    }
    SECTION("one that is as late as the tick is the tick") {
        plan.retry(id, at(50s));
        const auto late = take(plan, at(61s));
        REQUIRE(late.size() == 1);
        CHECK_FALSE(late[0].retry);
        CHECK(late[0].at == at(60s));
        CHECK(plan.next() == at(120s));
    }
    SECTION("one that is not needed any more is forgotten") {
        plan.retry(id, at(30s));
        plan.forget_retry(id);
        CHECK(plan.next() == at(60s));
    }
}

TEST_CASE("what is removed runs no more, and its id is used again") {
    probes::schedule plan(at(0s));
    const auto first = plan.add(10s, 1s, at(0s));
    const auto second = plan.add(10s, 2s, at(0s));
    plan.remove(first);
    CHECK(plan.next() == at(2s));
    CHECK(plan.add(5s, 1s, at(0s)) == first);
    CHECK(plan.size() == 2);
    plan.change(second, 1s, 500ms, at(0s));
    CHECK(plan.next() == at(500ms));
    plan.remove(first);
    plan.remove(second);
    CHECK_FALSE(plan.next());
    CHECK(take(plan, at(1h)).empty());
}

TEST_CASE("due items come in batches in the order of time") {
    probes::schedule plan(at(0s));
    for (int i = 0; i < 100; ++i)
        plan.add(1s, std::chrono::milliseconds((i * 37) % 100), at(0s));
    auto last = at(0s);
    std::size_t runs = 0;
    while (plan.next() <= at(99ms)) {
        const auto batch = take(plan, at(99ms), 7);
        REQUIRE(batch.size() <= 7);
        for (const auto& run : batch) {
            CHECK(run.at >= last);
            last = run.at;
            ++runs;
        }
    }
    CHECK(runs == 100);
}

TEST_CASE("ten thousand items of random intervals keep the order of a naive list") {
    std::mt19937 random(7);
    probes::due_heap heap;
    std::map<std::uint32_t, base::steady_time> naive;
    for (int step = 0; step < 200'000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % 10'000);
        if (random() % 3 == 0) {
            heap.remove(slot);
            naive.erase(slot);
        } else {
            const auto when = at(std::chrono::milliseconds(random() % 1'000'000));
            heap.set(slot, when);
            naive[slot] = when;
        }
    }
    std::vector<std::pair<base::steady_time, std::uint32_t>> wanted;
    for (const auto& [slot, when] : naive)
        wanted.emplace_back(when, slot);
    std::sort(wanted.begin(), wanted.end());
    REQUIRE(heap.size() == wanted.size());
    bool same = true;
    for (const auto& [when, slot] : wanted) {
        same = same && heap.first_time() == when && heap.first() == slot;
        heap.remove(heap.first());
    }
    CHECK(same);
    CHECK(heap.empty());
}

TEST_CASE("phases are whole milliseconds, spread evenly, and the same for ever") {
    CHECK(probes::phase_of("web", "192.0.2.1", "fra1", 60s) == probes::phase_of("web", "192.0.2.1", "fra1", 60s));
    CHECK(probes::stable_hash({"a", "bc"}) != probes::stable_hash({"ab", "c"}));
    // A change of the hash would move every check of every installation.
    CHECK(probes::stable_hash({}) == 0xf52a15e9a9b5e89bULL);
    std::array<int, 10> tenths{};
    for (int i = 0; i < 10'000; ++i) {
        const auto phase = probes::phase_of("ping", "10.0.0." + std::to_string(i), "node", 1s);
        REQUIRE(phase % 1ms == 0ns);
        REQUIRE(phase < 1s);
        ++tenths.at(static_cast<std::size_t>(phase / 100ms));
    }
    for (const auto count : tenths)
        CHECK(std::abs(count - 1000) < 150);
    CHECK(probes::phase_of("ping", "t", "n", 1ms) == 0ns);
}

TEST_CASE("with the wall clock's origin a restarted process runs a check at the same times") {
    const base::wall_time wall{1'760'000'000'123ms};
    probes::schedule before(probes::wall_origin(at(500s + 77ns), wall));
    probes::schedule after(probes::wall_origin(at(3s), wall + 1h)); // another boot
    before.add(60s, 17s, at(500s + 77ns));
    after.add(60s, 17s, at(3s));
    const auto first = wall + std::chrono::duration_cast<std::chrono::milliseconds>(*before.next() - at(500s + 77ns));
    const auto second = wall + 1h + std::chrono::duration_cast<std::chrono::milliseconds>(*after.next() - at(3s));
    CHECK(first.time_since_epoch() % 60s == 17s);
    CHECK(second.time_since_epoch() % 60s == 17s);
}
