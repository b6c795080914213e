#include "probes/check_state.hpp"

#include "base/json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <random>

using namespace ferrule;
using namespace std::chrono_literals;
using model::health;
using probes::surroundings;

namespace {

const base::wall_time start{1'760'000'000'000ms};

health state_of(char letter) {
    switch (letter) {
    case 'o':
        return health::ok;
    case 'w':
        return health::warning;
    case 'c':
        return health::critical;
    default:
        return health::unknown;
    }
}

surroundings around_of(char letter) {
    surroundings around;
    around.maintenance = letter == 'm';
    around.reachable = letter != 'x';
    around.flapping = letter == 'f';
    return around;
}

std::string text(const std::vector<probes::transition>& made) {
    std::string all;
    for (const auto& each : made) {
        all += (all.empty() ? "" : " ") + std::string(to_text(each.what)) + ":" + std::string(to_text(each.from)) +
               ">" + std::string(to_text(each.to));
        if (each.what == probes::change::soft && each.to != health::ok)
            all += "@" + std::to_string(each.attempt);
        all += each.notifies() ? "!" : "(" + std::string(to_text(each.by)) + ")";
    }
    return all.empty() ? "-" : all;
}

// Feeds results, a letter each, one every minute.
class feed {
  public:
    explicit feed(std::uint32_t max_attempts = 3, model::flapping_limits limits = {false, 30, 25})
        : state({max_attempts, limits}) {}

    std::string operator()(std::string_view results, char around = ' ') {
        std::string all;
        for (const char each : results) {
            at += 1min;
            const auto made = each == '?' ? state.look(at, around_of(around))
                                          : state.take({state_of(each), "why"}, at, around_of(around));
            all += (all.empty() ? "" : " | ") + text(made);
        }
        return all;
    }

    probes::check_state state;
    base::wall_time at = start;
};

} // namespace

TEST_CASE("soft and hard states follow the table of Icinga 2") {
    struct row {
        std::uint32_t attempts;
        const char* results;
        const char* wanted;
    };

    const std::vector<row> table{
        {3, "ooo", "hard:pending>ok(known) | - | -"},
        {3, "occo",
         "hard:pending>ok(known) | soft:ok>critical@1(soft) | soft:critical>critical@2(soft) | "
         "soft:critical>ok(soft)"},
        {3, "occcc",
         "hard:pending>ok(known) | soft:ok>critical@1(soft) | soft:critical>critical@2(soft) | "
         "hard:ok>critical! | -"},
        {3, "occco",
         "hard:pending>ok(known) | soft:ok>critical@1(soft) | soft:critical>critical@2(soft) | "
         "hard:ok>critical! | hard:critical>ok!"},
        {3, "owcu",
         "hard:pending>ok(known) | soft:ok>warning@1(soft) | soft:warning>critical@2(soft) | "
         "hard:ok>unknown!"},
        {2, "occwc",
         "hard:pending>ok(known) | soft:ok>critical@1(soft) | hard:ok>critical! | hard:critical>warning! | "
         "hard:warning>critical!"},
        {3, "ccc", "soft:pending>critical@1(soft) | soft:critical>critical@2(soft) | hard:pending>critical!"},
        {3, "co", "soft:pending>critical@1(soft) | hard:pending>ok(known)"},
        {1, "oco", "hard:pending>ok(known) | hard:ok>critical! | hard:critical>ok!"},
    };
    for (const auto& [attempts, results, wanted] : table) {
        INFO(results << " with " << attempts << " attempts");
        CHECK(feed(attempts)(results) == wanted);
    }
}

TEST_CASE("only while a state is soft there is a retry to make") {
    feed one;
    one("o");
    CHECK_FALSE(one.state.is_soft());
    one("c");
    CHECK(one.state.is_soft());
    CHECK(one.state.settled() == health::ok);
    one("cc");
    CHECK_FALSE(one.state.is_soft());
    CHECK(one.state.attempt() == 3);
    CHECK(one.state.since() == start + 2min);
}

TEST_CASE("a result from before the last one changes nothing") {
    feed one(1);
    one("oo");
    CHECK(one.state.take({health::critical, ""}, start + 30s, {}).empty());
    CHECK(one.state.shown() == health::ok);
}

TEST_CASE("in maintenance states go on in silence, and what is still so afterwards is told") {
    feed one(1);
    one("o");
    CHECK(one("cc", 'm') == "hard:ok>critical(maintenance) | -");
    SECTION("a problem that outlives it") {
        CHECK(one("?") == "released:ok>critical!");
        CHECK(one("co") == "- | hard:critical>ok!");
    }
    SECTION("a problem that is over with it") {
        CHECK(one("o", 'm') == "hard:critical>ok(maintenance)");
        CHECK(one("?o") == "- | -");
    }
    SECTION("a problem that ends after it, before anybody looked") {
        CHECK(one("o") == "hard:critical>ok(known)");
    }
    SECTION("another problem than was told before") {
        CHECK(one("?") == "released:ok>critical!");
        CHECK(one("wc", 'm') == "hard:critical>warning(maintenance) | hard:warning>critical(maintenance)");
        CHECK(one("?c") == "- | -");
    }
}

TEST_CASE("a recovery in maintenance is told after it, but not while a new problem is soft") {
    feed one(2);
    one("occ");
    CHECK(one("o", 'm') == "hard:critical>ok(maintenance)");
    CHECK(one("c") == "soft:ok>critical@1(soft)");
    CHECK(one("?") == "-");
    CHECK(one("o") == "soft:critical>ok(soft) released:critical>ok!");
}

TEST_CASE("a target behind one that is down is unreachable, and nobody is told") {
    feed one;
    one("o");
    CHECK(one("cccc", 'x') == "unreachable:ok>unreachable(unreachable) | - | - | -");
    CHECK(one.state.shown() == health::unreachable);
    CHECK(one.state.settled() == health::ok);
    CHECK_FALSE(one.state.is_soft());
    SECTION("it comes back with its parent") {
        CHECK(one("o") == "soft:unreachable>ok(soft)");
    }
    SECTION("it has attempts of its own when the parent is back") {
        CHECK(one("ccc") == "soft:unreachable>critical@1(soft) | soft:critical>critical@2(soft) | hard:ok>critical!");
    }
    SECTION("it answers although the parent is down") {
        CHECK(one("o", 'x') == "soft:unreachable>ok(soft)");
    }
    SECTION("nothing is known of it until there is a result") {
        CHECK(one("?") == "-");
        CHECK(one.state.shown() == health::unreachable);
    }
}

TEST_CASE("a parent that goes down explains what is soft, not what was told") {
    feed soft;
    soft("oc");
    CHECK(soft("?", 'x') == "unreachable:critical>unreachable(unreachable)");
    CHECK(soft.state.settled() == health::ok);
    feed told;
    told("occc");
    CHECK(told("?", 'x') == "-");
    CHECK(told("c", 'x') == "unreachable:critical>unreachable(unreachable)");
    CHECK(told("c") == "soft:unreachable>critical@3(soft)");
}

TEST_CASE("flapping is measured as Icinga 2 does") {
    const model::flapping_limits limits;
    probes::flapping one;
    // Each change weighs 0.8 + 0.02 · i of 20, i = 19 for the newest.
    one.add(true, limits);
    CHECK(one.percent() == Approx(5.9));
    for (int i = 0; i < 19; ++i)
        one.add(true, limits);
    CHECK(one.percent() == Approx(99));
    CHECK(one.is_flapping());
    for (int i = 0; i < 20; ++i)
        one.add(false, limits);
    CHECK(one.percent() == 0.0);
    CHECK_FALSE(one.is_flapping());
}

TEST_CASE("flapping agrees with a naive sum and keeps between its limits what it was") {
    std::mt19937 random(5);
    const model::flapping_limits limits;
    probes::flapping one;
    std::deque<bool> last(20, false);
    bool flaps = false;
    int turns = 0;
    for (int i = 0; i < 100'000; ++i) {
        const bool changed = random() % 10 < static_cast<unsigned>(i / 200 % 5);
        last.pop_front();
        last.push_back(changed);
        one.add(changed, limits);
        double sum = 0;
        for (int place = 0; place < 20; ++place)
            sum += last.at(static_cast<std::size_t>(place)) ? 0.8 + 0.02 * place : 0;
        const double percent = 100 * sum / 20;
        REQUIRE(one.percent() == Approx(percent));
        if (std::abs(percent - 30) > 1e-6 && std::abs(percent - 25) > 1e-6) { // sums of doubles miss these by a little
            const bool wanted = percent > (flaps ? 25 : 30);
            turns += wanted != flaps ? 1 : 0;
            REQUIRE(one.is_flapping() == wanted);
        }
        flaps = one.is_flapping();
    }
    CHECK(turns > 100);
}

TEST_CASE("who flaps is silent until it stands still, and then says how it is") {
    feed one(1, {true, 30, 25});
    CHECK(one("ococo") == "hard:pending>ok(known) | hard:ok>critical! | hard:critical>ok! | hard:ok>critical! | "
                          "hard:critical>ok!");
    CHECK(one("c") == "hard:ok>critical!");
    CHECK(one("o") == "hard:critical>ok(flapping) flapping_started:ok>ok!");
    CHECK(one.state.is_flapping());
    std::string rest;
    while (one.state.is_flapping())
        rest = one("o");
    CHECK(rest == "flapping_ended:ok>ok! released:critical>ok!");
}

TEST_CASE("flapping that is known from elsewhere silences as well") {
    feed one(1);
    CHECK(one("oc", 'f') == "hard:pending>ok(flapping) flapping_started:ok>ok! | hard:ok>critical(flapping)");
    CHECK(one("c") == "flapping_ended:critical>critical! released:pending>critical!");
}

TEST_CASE("a state that was kept goes on as if nothing had happened") {
    std::mt19937 random(11);
    feed one(3, {true, 30, 25});
    feed other(3, {true, 30, 25});
    for (int i = 0; i < 3000; ++i) {
        const auto result = std::string(1, "oooccwu?"[random() % 8]);
        const char around = "     mxf"[random() % 8];
        const auto wanted = one(result, around);
        probes::check_state fresh({3, {true, 30, 25}});
        REQUIRE(fresh.restore(base::parse_json(base::dump(other.state.to_json())).value()));
        other.state = fresh;
        REQUIRE(other(result, around) == wanted);
    }
    CHECK(one.state.to_json() == other.state.to_json());
}

TEST_CASE("a kept state that makes no sense is refused and changes nothing") {
    feed one;
    one("occc");
    const auto before = one.state.to_json();
    auto bad = before;
    bad["state"] = "fine";
    bad["history"] = -1;
    const auto refused = one.state.restore(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "corrupt_record");
    CHECK(refused.error().message() == "state: \"fine\" is not a state; history: must be between 0 and 4294967295");
    CHECK(one.state.to_json() == before);
}
