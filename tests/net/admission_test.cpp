#include "net/admission.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace ferrule;
using namespace std::chrono_literals;
using net::admission;

namespace {

using numbers = std::vector<admission::number>;

/// Four slots, so that one origin's share is one of them, and eight places to wait.
struct door {
    admission at{{4, 8, 2s, 10s}};
    base::steady_time now{};

    admission::number silent(const std::string& origin) { return at.came(origin, now); }

    admission::number spoken(const std::string& origin) {
        const auto who = silent(origin);
        at.spoke(who);
        return who;
    }

    admission::step next() { return at.next(now); }
};

std::string host(int number) {
    return "192.0.2." + std::to_string(number);
}

} // namespace

TEST_CASE("those that have said nothing take no slot from one that has") {
    door front;
    for (int i = 0; i < 8; ++i)
        front.silent("attacker");
    CHECK(front.next().admitted.empty());
    CHECK(front.at.has_room());
    const auto agent = front.spoken("agent");
    const auto step = front.next();
    CHECK(step.admitted == numbers{agent});
    CHECK(step.evicted == numbers{1}); // the one that has been silent for longest
}

TEST_CASE("slots are given in the order in which they spoke, and again when one is free") {
    door front;
    numbers all;
    for (int i = 0; i < 6; ++i)
        all.push_back(front.spoken(host(i)));
    CHECK(front.next().admitted == numbers(all.begin(), all.begin() + 4));
    CHECK(front.next().admitted.empty());
    front.at.gone(all[2]);
    CHECK(front.next().admitted == numbers{all[4]});
    front.at.gone(all[5]); // it gave up
    front.at.gone(all[0]);
    CHECK(front.next().admitted.empty());
}

TEST_CASE("a slot whose peer stands still is taken once another waits for it long enough, and not before") {
    door front;
    numbers all;
    for (int i = 0; i < 4; ++i)
        all.push_back(front.spoken(host(i)));
    CHECK(front.next().admitted == all);
    front.now += 5s; // nobody waits
    CHECK(front.next().evicted.empty());
    CHECK_FALSE(front.at.next_at());
    front.at.gone(all[3]);
    const auto fresh = front.spoken(host(4));
    CHECK(front.next().admitted == numbers{fresh});
    const auto next = front.spoken(host(5));
    auto step = front.next();
    CHECK(step.evicted == numbers{all[0]});
    CHECK(step.admitted == numbers{next});
    front.at.gone(all[1]);
    front.at.gone(all[2]);
    front.spoken(host(6));
    front.spoken(host(7));
    front.next();
    front.now += 1s;
    front.spoken(host(8));
    CHECK(front.next().evicted.empty());
    REQUIRE(front.at.next_at());
    front.now = *front.at.next_at();
    step = front.next();
    CHECK(step.evicted == numbers{fresh});
    CHECK(step.admitted.size() == 1);
}

TEST_CASE("one origin gives way to others with what is beyond its share of the slots") {
    door front;
    numbers crowd;
    for (int i = 0; i < 6; ++i)
        crowd.push_back(front.spoken("attacker"));
    CHECK(front.next().admitted == numbers(crowd.begin(), crowd.begin() + 4)); // as long as nobody else comes
    const auto agent = front.spoken("agent");
    auto step = front.next();
    CHECK(step.admitted == numbers{agent}); // before the two of the crowd that came earlier
    CHECK(step.evicted == numbers{crowd[0]});
    const auto second = front.spoken("other");
    const auto third = front.spoken("third");
    step = front.next();
    CHECK(step.admitted == numbers{second, third});
    CHECK(step.evicted == numbers{crowd[1], crowd[2]});
    front.spoken("fourth"); // all have their share now
    CHECK(front.next().admitted.empty());
}

TEST_CASE("an origin that fills the room makes place, and a herd from everywhere waits outside") {
    door crowded;
    for (int i = 0; i < 4; ++i)
        crowded.spoken(host(i));
    crowded.next();
    numbers many;
    for (int i = 0; i < 8; ++i)
        many.push_back(crowded.spoken("attacker"));
    CHECK(crowded.at.has_room());
    const auto agent = crowded.silent("agent");
    CHECK(crowded.next().evicted == numbers{many.back()});
    crowded.at.spoke(agent);
    crowded.at.gone(1);
    CHECK(crowded.next().admitted == numbers{many.front()});

    door herd;
    for (int i = 0; i < 12; ++i)
        herd.spoken(host(i));
    CHECK(herd.next().evicted.empty());
    CHECK_FALSE(herd.at.has_room());
    herd.at.gone(1);
    herd.next();
    CHECK(herd.at.has_room());
}

TEST_CASE("several origins that fill the room together keep nobody out") {
    const auto attackers = GENERATE(2, 3);
    door front;
    for (int i = 0; i < 4; ++i)
        front.spoken(host(i % attackers));
    front.next();
    for (int i = 0; i < 8; ++i)
        front.spoken(host(i % attackers));
    CHECK(front.at.has_room());
    const auto agent = front.spoken("agent");
    const auto step = front.next();
    CHECK(step.admitted == numbers{agent}); // beyond their share of the slots they give way
    CHECK(step.evicted.size() == 2);        // one that waited, and one with a slot
}

TEST_CASE("one that says nothing at all is sent away after a while") {
    door front;
    const auto first = front.silent(host(1));
    front.now += 4s;
    const auto second = front.silent(host(2));
    CHECK(front.next().evicted.empty());
    REQUIRE(front.at.next_at());
    CHECK(*front.at.next_at() - front.now == 6s);
    front.now = *front.at.next_at();
    CHECK(front.next().evicted == numbers{first});
    front.at.gone(second);
    CHECK_FALSE(front.at.next_at());
    front.at.spoke(second); // what is gone is not heard
    CHECK(front.next().admitted.empty());
}
