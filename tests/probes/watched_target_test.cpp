#include "probes/watched_target.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using model::health;

namespace {

const base::wall_time start{1'760'000'000'000ms};
const std::vector<std::string> three{"ams", "fra", "sin"};

model::check ping() {
    model::check made;
    made.name = "ping";
    made.interval = 10s;
    made.max_attempts = 1;
    made.flapping.enabled = false;
    return made;
}

// Three locations, a round of results at a time.
struct world {
    explicit world(const model::check& of = ping(), std::vector<std::string> locations = three)
        : names(std::move(locations))
        , target(of, "192.0.2.1", names, start) {}

    // One letter for each location, '-' for none; gives the transitions that notify.
    std::string round(std::string_view letters) {
        at += 10s;
        std::string told;
        for (std::size_t i = 0; i < letters.size(); ++i)
            if (letters[i] != '-') {
                const probes::verdict found{letters[i] == 'o' ? health::ok : health::critical,
                                            letters[i] == 'o' ? "" : "no reply"};
                told += note(target.take(names[i], found, at, true, view(), at));
            }
        told += note(target.look(view(), at));
        return told;
    }

    std::string note(const std::vector<probes::transition>& made) {
        std::string told;
        for (const auto& each : made) {
            all.push_back(each);
            CHECK((each.location.empty() || !each.notifies()));
            if (each.notifies())
                told += std::string(to_text(each.to)) + "!";
        }
        return told;
    }

    probes::watched_target::view view() const { return {around, &cut_off}; }

    std::vector<std::string> names;
    probes::watched_target target;
    probes::anchors cut_off;
    probes::surroundings around;
    std::vector<probes::transition> all;
    base::wall_time at = start;
};

} // namespace

TEST_CASE("a clock that is set back freezes no state") {
    world w;
    CHECK(w.round("ooo").empty());
    w.at -= 24h;
    CHECK(w.round("cco") == "critical!");
    CHECK(w.round("ooo") == "ok!");
}

TEST_CASE("locations that fell silent when the clock was set back vote no more after a while") {
    world w;
    CHECK(w.round("ooo").empty());
    w.at -= 24h;
    std::string told;
    for (int i = 0; i < 4; ++i)
        told += w.round("o--");
    CHECK(told == "unknown!");
    CHECK(w.round("oo-") == "ok!");
}

TEST_CASE("one location of three that sees a problem tells nobody, two do") {
    world w;
    CHECK(w.round("ooo").empty());
    CHECK(w.round("coo").empty());
    CHECK(w.target.agreed().shown() == health::ok);
    CHECK(w.all.back().location == "ams");
    CHECK(w.all.back().by == probes::held_back::one_location);
    CHECK(w.round("cco") == "critical!");
    CHECK(w.target.agreed().reason() == "2 of 3 voting locations see a problem; ams: no reply");
    CHECK(w.all.back().check == "ping");
    CHECK(w.all.back().target == "192.0.2.1");
    CHECK(w.round("ccc").empty());
    CHECK(w.round("oco") == "ok!");
}

TEST_CASE(
    "a location that is cut off for a minute brings no false down, and its late results count where they belong") {
    world w;
    w.round("ooo");
    CHECK(w.round("coo").empty()); // it fails before its anchors are missed
    w.cut_off.report("ams", false, w.at);
    for (int i = 0; i < 6; ++i)
        CHECK(w.round("-oo").empty());
    CHECK(w.target.votes_now().voters == 2);
    w.cut_off.report("ams", true, w.at);
    for (auto when = start + 30s; when <= w.at; when += 10s)
        w.note(w.target.take("ams", {health::critical, "no reply"}, when, true, w.view(), w.at));
    CHECK(w.target.agreed().shown() == health::ok);
    CHECK(w.target.locations().at("ams").shown() == health::critical);
    CHECK(w.round("ooo").empty());
}

TEST_CASE("when most locations are gone nothing is known, and that is said, not down") {
    world w;
    w.round("ooo");
    w.round("c--");
    CHECK(w.target.agreed().shown() == health::ok);
    std::string told;
    for (int i = 0; i < 3; ++i)
        told += w.round("c--");
    CHECK(told == "unknown!");
    CHECK(w.target.agreed().reason() == "1 location of 3 can vote, at least 2 must; the others are silent, cut off or "
                                        "could not measure");
    CHECK(w.round("coo") == "ok!");
}

TEST_CASE("before the locations have had time to vote nothing is said") {
    world w;
    CHECK(w.round("c--").empty());
    CHECK(w.target.agreed().shown() == health::pending);
    CHECK(w.target.next_look(w.at) == start + 25s + 1ms);
    CHECK(w.round("---").empty());
    CHECK(w.round("---") == "unknown!");
}

TEST_CASE("when to look again follows from the votes") {
    world w;
    w.round("ooo");
    w.round("o--");
    CHECK(w.target.next_look(w.at) == start + 25s + 1ms); // the time to begin
    CHECK(w.target.next_look(start + 30s) == start + 35s + 1ms);
}

TEST_CASE("a problem is told by attempts of each location, then at once") {
    auto check = ping();
    check.max_attempts = 3;
    world w(check);
    w.round("ooo");
    CHECK(w.round("cco").empty());
    CHECK(w.target.wants_retry("ams"));
    CHECK_FALSE(w.target.wants_retry("sin"));
    CHECK(w.round("cco").empty());
    CHECK(w.round("cco") == "critical!");
    CHECK_FALSE(w.target.wants_retry("ams"));
    CHECK_FALSE(w.target.wants_retry("nowhere"));
}

TEST_CASE("a child of a parent that is down is unreachable for all locations, and told when it is down itself") {
    world w;
    w.round("ooo");
    w.around.reachable = false;
    CHECK(w.round("ccc").empty());
    CHECK(w.target.agreed().shown() == health::unreachable);
    w.around.reachable = true;
    CHECK(w.round("ccc") == "critical!");
}

TEST_CASE("a location whose own way is down abstains") {
    world w;
    w.round("ooo");
    w.at += 10s;
    w.note(w.target.take("ams", {health::critical, ""}, w.at, false, w.view(), w.at));
    CHECK(w.target.locations().at("ams").shown() == health::unreachable);
    CHECK(w.target.votes_now().voters == 2);
}

TEST_CASE("a target flaps when as many locations see it flap as must agree") {
    auto check = ping();
    check.flapping.enabled = true;
    world w(check);
    for (int i = 0; i < 6; ++i)
        w.round(i % 2 == 0 ? "ooo" : "coo");
    CHECK_FALSE(w.target.agreed().is_flapping());
    bool told = false;
    for (int i = 0; i < 10; ++i)
        w.round(i % 2 == 0 ? "cco" : "ooo");
    for (const auto& each : w.all)
        told = told || (each.what == probes::change::flapping_started && each.notifies());
    CHECK(w.target.agreed().is_flapping());
    CHECK(told);
}

TEST_CASE("results that are old, from the future, or from nowhere do no harm") {
    world w;
    w.round("ooo");
    CHECK(w.target.take("nowhere", {health::critical, ""}, w.at, true, w.view(), w.at).empty());
    CHECK(w.target.take("ams", {health::critical, ""}, w.at - 5s, true, w.view(), w.at).empty());
    CHECK(w.target.take("ams", {health::critical, ""}, w.at, true, w.view(), w.at).empty()); // delivered twice
    w.at += 1s;
    w.note(w.target.take("ams", {health::critical, ""}, w.at + 24h, true, w.view(), w.at));
    CHECK(w.round("ooo").empty());
    CHECK(w.target.locations().at("ams").shown() == health::ok);
}

TEST_CASE("a location that is taken away votes no more, a new one begins") {
    world w;
    w.round("ooo");
    CHECK(w.round("cco") == "critical!");
    w.names = {"fra", "sin", "nyc"};
    w.target.change(ping(), w.names);
    CHECK(w.round("coo") == "ok!");
    CHECK(w.target.locations().size() == 3);
}

TEST_CASE("what is known survives a restart without a word, until it is out of date") {
    world before;
    before.round("ooo");
    CHECK(before.round("cco") == "critical!");
    const auto kept = base::parse_json(base::dump(before.target.to_json())).value();

    world after;
    after.at = before.at + 10min;
    after.target = probes::watched_target(ping(), "192.0.2.1", three, after.at);
    REQUIRE(after.target.restore(kept));
    CHECK(after.target.agreed().shown() == health::critical);
    CHECK(after.note(after.target.look(after.view(), after.at)).empty());
    SECTION("it is still down") {
        CHECK(after.round("cco").empty());
        CHECK(after.target.agreed().shown() == health::critical);
    }
    SECTION("it is up again") {
        CHECK(after.round("ooo") == "ok!");
    }
    SECTION("nobody answers any more") {
        CHECK(after.round("---").empty());
        CHECK(after.round("---").empty());
        CHECK(after.round("---") == "unknown!");
    }
}

TEST_CASE("a kept target that makes no sense is refused with the place of the fault") {
    world w;
    w.round("ooo");
    auto kept = w.target.to_json();
    kept["locations"]["fra"]["state"] = "odd";
    const auto refused = w.target.restore(kept);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message() == "locations.fra: state: \"odd\" is not a state");
}
