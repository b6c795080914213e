#include "probes/agreement.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <map>
#include <random>

using namespace ferrule;
using namespace std::chrono_literals;
using model::health;
using probes::ballot;

namespace {

const base::wall_time now{1'760'000'000'000ms};
constexpr probes::agreement_rules two{2, 2, 60s, 180s};

ballot vote(health state, base::duration age = 1s) {
    ballot cast;
    cast.state = state;
    cast.at = now - std::chrono::duration_cast<std::chrono::milliseconds>(age);
    return cast;
}

ballot cut_off(ballot cast, base::duration since) {
    cast.anchored = false;
    cast.believed = cast.at <= now - std::chrono::duration_cast<std::chrono::milliseconds>(since);
    return cast;
}

health counted(std::vector<ballot> ballots, health last = health::pending) {
    return probes::count_votes(ballots, two, last, now).state;
}

// Word for word what the documentation says, by trying everything that silent locations may see.
health oracle(const std::vector<ballot>& ballots, const probes::agreement_rules& rules, health last) {
    std::vector<health> said;
    std::vector<health> silent;
    for (const auto& each : ballots) {
        const bool opinion =
            each.state == health::ok || each.state == health::warning || each.state == health::critical;
        const auto age = now - each.at;
        if (!opinion)
            continue;
        if (!each.believed)
            continue;
        if (each.anchored && age <= rules.lifetime)
            said.push_back(each.state);
        else if (age <= rules.memory)
            silent.push_back(each.state);
    }
    if (said.empty() || said.size() < rules.voters)
        return health::unknown;
    const auto sees = [&](const std::vector<health>& all, health level) {
        std::uint32_t seen = 0;
        for (const auto each : all)
            if (each == health::critical || (level == health::warning && each == health::warning))
                ++seen;
        return seen >= rules.agree;
    };
    auto with_silent = said;
    with_silent.insert(with_silent.end(), silent.begin(), silent.end());
    for (const auto level : {health::critical, health::warning}) {
        const bool was_so = last == health::critical || (last == health::warning && level == health::warning);
        if (sees(said, level) || (was_so && sees(with_silent, level)))
            return level;
    }
    return health::ok;
}

} // namespace

TEST_CASE("K of N locations must agree before something is down") {
    CHECK(counted({vote(health::critical), vote(health::ok), vote(health::ok)}) == health::ok);
    CHECK(counted({vote(health::critical), vote(health::critical), vote(health::ok)}) == health::critical);
    CHECK(counted({vote(health::critical), vote(health::warning), vote(health::ok)}) == health::warning);
    CHECK(counted({vote(health::warning), vote(health::ok), vote(health::ok)}) == health::ok);
}

TEST_CASE("a location that cannot reach its anchors does not vote") {
    const auto alone = cut_off(vote(health::critical, 10s), 30s);
    CHECK(counted({alone, vote(health::critical), vote(health::ok)}) == health::ok);
    CHECK(counted({alone, cut_off(vote(health::critical, 10s), 30s), vote(health::ok)}) == health::unknown);
}

TEST_CASE("a location that is back does not vote with what it saw while it was cut off") {
    auto back = vote(health::critical, 10s);
    back.believed = false;
    CHECK(counted({back, vote(health::critical), vote(health::ok)}) == health::ok);
    CHECK(counted({back, vote(health::critical), vote(health::ok)}, health::critical) == health::ok);
    CHECK(counted({back, vote(health::critical)}) == health::unknown);
}

TEST_CASE("too few votes are unknown, never down") {
    CHECK(counted({vote(health::critical)}) == health::unknown);
    CHECK(counted({vote(health::critical), vote(health::pending), vote(health::unknown)}) == health::unknown);
    CHECK(counted({vote(health::critical), vote(health::critical, 61s), vote(health::unreachable)}) == health::unknown);
    CHECK(counted({}, health::critical) == health::unknown);
}

TEST_CASE("votes expire, and count up to and with their last moment") {
    CHECK(counted({vote(health::critical, 60s), vote(health::critical)}) == health::critical);
    CHECK(counted({vote(health::critical, 60s + 1ms), vote(health::critical), vote(health::ok)}) == health::ok);
    const std::vector<ballot> all{vote(health::critical, 10s), vote(health::ok, 100s)};
    CHECK(probes::next_expiry(all, two, now) == now + 50s + 1ms);
    CHECK(probes::next_expiry(all, two, now + 60s) == now + 80s + 1ms); // the memory of the other
    CHECK_FALSE(probes::next_expiry(all, two, now + 171s));
}

TEST_CASE("a location that fell silent with a problem does not end it, for as long as that is remembered") {
    const auto good = vote(health::ok);
    CHECK(counted({vote(health::critical), vote(health::critical, 100s), good}, health::critical) == health::critical);
    CHECK(counted({vote(health::critical), vote(health::critical, 181s), good}, health::critical) == health::ok);
    CHECK(counted({vote(health::critical), vote(health::critical, 100s), good}, health::ok) == health::ok);
    // It was still connected when it saw the problem, or it may have been cut off already.
    CHECK(counted({vote(health::critical), cut_off(vote(health::critical, 50s), 40s), good}, health::critical) ==
          health::critical);
    CHECK(counted({vote(health::critical), cut_off(vote(health::critical, 50s), 55s), good}, health::critical) ==
          health::ok);
}

TEST_CASE("the count agrees with a naive reading of the rules in all kinds of votes") {
    std::mt19937 random(99);
    const auto pick = [&random](auto... from) {
        const std::array all{from...};
        return all.at(random() % all.size());
    };
    std::map<health, int> seen;
    for (int round = 0; round < 200'000; ++round) {
        std::vector<ballot> ballots;
        for (auto left = random() % 8; left > 0; --left) {
            auto one = vote(pick(health::ok, health::ok, health::warning, health::critical, health::critical,
                                 health::unknown, health::pending, health::unreachable),
                            pick(0s, 30s, 60s, 61s, 120s, 180s, 200s));
            one.anchored = random() % 4 != 0;
            one.believed = random() % 4 != 0;
            ballots.push_back(one);
        }
        const probes::agreement_rules rules{static_cast<std::uint32_t>(1 + random() % 4),
                                            static_cast<std::uint32_t>(random() % 4), 60s, 180s};
        const auto last =
            pick(health::pending, health::ok, health::warning, health::critical, health::critical, health::unknown);
        const auto found = probes::count_votes(ballots, rules, last, now).state;
        const auto wanted = oracle(ballots, rules, last);
        ++seen[wanted];
        if (found != wanted)
            FAIL("round " << round << ": " << model::to_text(found) << " for " << model::to_text(wanted));
    }
    for (const auto state : {health::ok, health::warning, health::critical, health::unknown})
        CHECK(seen[state] > 1000);
}

TEST_CASE("what a check leaves open is derived from the number of locations and the interval") {
    model::check of;
    of.interval = 60s;
    for (const auto& [locations, majority] :
         std::vector<std::pair<std::size_t, std::uint32_t>>{{1, 1}, {2, 2}, {3, 2}, {5, 3}})
        CHECK(probes::rules_for(of, locations).agree == majority);
    CHECK(probes::rules_for(of, 5).voters == 3);
    CHECK(probes::rules_for(of, 5).lifetime == 125s);
    of.agreement = {1, 2, 5min};
    CHECK(probes::rules_for(of, 5).agree == 1);
    CHECK(probes::rules_for(of, 5).voters == 2);
    CHECK(probes::rules_for(of, 5).memory == 15min);
}
