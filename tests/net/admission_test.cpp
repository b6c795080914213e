#include "net/admission.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <string>
#include <vector>

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

    struct outcome {
        numbers evicted;
        numbers admitted;
        std::vector<admission::reason> why;
    };

    outcome next() {
        const auto step = at.next(now);
        outcome out{{}, step.admitted, {}};
        for (const auto& each : step.evicted) {
            out.evicted.push_back(each.who);
            out.why.push_back(each.why);
        }
        return out;
    }

    [[nodiscard]] bool has_room() const { return at.has_room(now); }

    [[nodiscard]] std::optional<base::steady_time> next_at() const { return at.next_at(now); }
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
    CHECK_FALSE(front.has_room()); // the first words of those that have just come may be on their way
    REQUIRE(front.next_at());
    CHECK(*front.next_at() - front.now == 100ms);
    front.now = *front.next_at();
    CHECK(front.has_room());
    const auto agent = front.spoken("agent");
    const auto step = front.next();
    CHECK(step.admitted == numbers{agent});
    CHECK(step.evicted == numbers{1}); // the one that has been silent for longest
    CHECK(step.why == std::vector{admission::reason::silent});
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
    CHECK_FALSE(front.next_at());
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
    REQUIRE(front.next_at());
    front.now = *front.next_at();
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
    CHECK(crowded.has_room());
    const auto agent = crowded.silent("agent");
    CHECK(crowded.next().evicted == numbers{many.back()});
    crowded.at.spoke(agent);
    crowded.at.gone(1);
    CHECK(crowded.next().admitted == numbers{many.front()});

    door herd;
    for (int i = 0; i < 12; ++i)
        herd.spoken(host(i));
    CHECK(herd.next().evicted.empty());
    CHECK_FALSE(herd.has_room());
    herd.at.gone(1);
    herd.next();
    CHECK(herd.has_room());
}

TEST_CASE("those of one address that alone fill the room are let in one after the other, and none is turned away") {
    door front;
    numbers all;
    std::size_t in = 0;
    for (int i = 0; i < 100; ++i) {
        while (front.has_room() && all.size() < 100) {
            all.push_back(front.spoken("site"));
            const auto step = front.next();
            REQUIRE(step.evicted.empty());
            in += step.admitted.size();
        }
        REQUIRE(front.at.next(front.now).evicted.empty());
        front.now += 100ms; // of five times that each slot turns over once
        front.at.gone(all.at(static_cast<std::size_t>(i)));
        const auto step = front.next();
        REQUIRE(step.evicted.empty());
        in += step.admitted.size();
    }
    CHECK(in == 100);
}

TEST_CASE("one address that fills the room and stands still has to make place for whoever comes") {
    door front;
    numbers all;
    for (int i = 0; i < 12; ++i) {
        all.push_back(front.spoken("attacker"));
        front.next();
    }
    CHECK_FALSE(front.has_room());
    REQUIRE(front.next_at());
    front.now = *front.next_at();
    CHECK(front.next().evicted.empty());
    CHECK(front.has_room());
    const auto more = front.spoken("attacker");
    auto step = front.next();
    CHECK(step.evicted == numbers{all.back()});
    CHECK(step.why == std::vector{admission::reason::crowd});
    const auto agent = front.spoken("agent");
    step = front.next();
    CHECK(step.admitted == numbers{agent});
    CHECK(step.evicted == numbers{more, all.front()});
    CHECK(step.why == std::vector{admission::reason::crowd, admission::reason::share});
}

TEST_CASE("several origins that fill the room together keep nobody out") {
    const auto attackers = GENERATE(2, 3);
    door front;
    for (int i = 0; i < 4; ++i)
        front.spoken(host(i % attackers));
    front.next();
    for (int i = 0; i < 8; ++i)
        front.spoken(host(i % attackers));
    CHECK(front.has_room());
    const auto agent = front.spoken("agent");
    const auto step = front.next();
    CHECK(step.admitted == numbers{agent}); // beyond their share of the slots they give way
    CHECK(step.evicted.size() == 2);        // one that waited, and one with a slot
}

TEST_CASE("a herd from a few addresses is let in one after the other, and none is turned away") {
    door front;
    std::deque<admission::number> in;
    int came = 0;
    const auto step = [&] {
        auto found = front.next();
        in.insert(in.end(), found.admitted.begin(), found.admitted.end());
        return found.evicted;
    };
    // The first four are through while the room fills.
    for (; came < 8; ++came)
        front.spoken(host(came % 2));
    REQUIRE(step().empty());
    for (; came < 12; ++came) {
        front.at.gone(in.front(), true);
        in.pop_front();
        front.spoken(host(came % 2));
        REQUIRE(step().empty());
    }
    for (; came < 100; ++came) {
        while (front.has_room()) { // not at the price of one who waits
            front.spoken(host(came % 2));
            REQUIRE(step().empty());
        }
        front.now += 100ms; // of five times that each slot turns over once
        front.at.gone(in.front(), true);
        in.pop_front();
        REQUIRE(step().empty());
    }
}

TEST_CASE("one from elsewhere gets the next slot of a herd that passes, before those who came earlier") {
    door front;
    for (int i = 0; i < 12; ++i)
        front.spoken("site " + std::to_string(i % 2));
    REQUIRE(front.next().admitted == numbers{1, 2, 3, 4});
    for (admission::number i = 1; i <= 4; ++i)
        front.at.gone(i, true);
    const auto now_in = front.next().admitted;
    REQUIRE(now_in.size() == 4);
    const auto agent = front.spoken("agent");
    auto step = front.next();
    CHECK(step.evicted.empty());
    CHECK(step.admitted.empty());
    front.at.gone(now_in.front(), true);
    CHECK(front.next().admitted == numbers{agent});
}

TEST_CASE("a herd that no longer passes makes place for whoever comes") {
    door front;
    for (int i = 0; i < 4; ++i)
        front.spoken(host(i % 2));
    front.next();
    for (int i = 0; i < 8; ++i)
        front.spoken(host(i % 2));
    front.next();
    for (admission::number i = 1; i <= 4; ++i)
        front.at.gone(i, true);
    front.next();
    for (int i = 0; i < 4; ++i)
        front.spoken(host(i % 2));
    front.next();
    CHECK_FALSE(front.has_room());
    for (int windows = 0; windows < 2; ++windows) {
        REQUIRE(front.next_at());
        front.now = *front.next_at();
        front.next();
    }
    CHECK(front.has_room());
    const auto agent = front.spoken("agent");
    CHECK(front.next().admitted == numbers{agent});
}

TEST_CASE("one that says nothing at all is sent away after a while") {
    door front;
    const auto first = front.silent(host(1));
    front.now += 4s;
    const auto second = front.silent(host(2));
    CHECK(front.next().evicted.empty());
    REQUIRE(front.next_at());
    CHECK(*front.next_at() - front.now == 6s);
    front.now = *front.next_at();
    CHECK(front.next().evicted == numbers{first});
    front.at.gone(second);
    CHECK_FALSE(front.next_at());
    front.at.spoke(second); // what is gone is not heard
    CHECK(front.next().admitted.empty());
}
