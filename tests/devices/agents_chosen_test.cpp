// Which agent gets a device: what the device allows, and the schedulers of the product among those that are left.
#include "devices/fleet_rig.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace ferrule;
using test::engine_rig;
using test::fleet_rig;

namespace {

/// Three agents in one region, of different size and one of them busy; and one elsewhere that nothing may go to.
struct fixture {
    explicit fixture(const std::string& scheduler)
        : fleet(false, scheduler) {
        fleet.add_agent("small", 4, "eu", {{"site", "fra1"}});
        fleet.add_agent("busy", 20, "eu", {{"site", "fra1"}});
        fleet.add_agent("empty", 20, "eu", {{"site", "fra1"}});
        fleet.add_agent("other", 1000, "us", {{"site", "nyc1"}});
        for (int i = 0; i < 10; ++i) {
            const auto name = "before" + std::to_string(i);
            fleet.add_ledger(name, {{"busy"}, {}, {}});
            CHECK(fleet.controller().run(name, {"1"})->node == "busy");
        }
    }

    /// Opens sessions to so many devices; how many each node got.
    std::map<std::string, int> place(int count) {
        std::map<std::string, int> placed;
        for (int i = 0; i < count; ++i) {
            const auto name = "d" + std::to_string(next_++);
            fleet.add_ledger(name, {{}, "eu", {{"site", "fra1"}}});
            ++placed[fleet.controller().run(name, {"1"})->node];
        }
        return placed;
    }

    fleet_rig fleet;

  private:
    int next_ = 0;
};

using counts = std::map<std::string, int>;

} // namespace

TEST_CASE("least_load fills agents up to the same count, and leaves those that a device does not allow") {
    fixture f("least_load");
    // By count, then by room: four each, the small one is full, then the empty one up to the busy one.
    CHECK(f.place(8) == counts{{"empty", 4}, {"small", 4}});
    CHECK(f.place(6) == counts{{"empty", 6}});
    CHECK(f.place(4) == counts{{"busy", 2}, {"empty", 2}});
}

TEST_CASE("least_load_random levels agents as well, and breaks ties by lot") {
    fixture f("least_load_random");
    CHECK(f.place(8) == counts{{"empty", 4}, {"small", 4}});
    CHECK(f.place(6) == counts{{"empty", 6}});
    CHECK(f.place(4) == counts{{"busy", 2}, {"empty", 2}});
}

TEST_CASE("greedy fills one agent before the next") {
    fixture f("greedy");
    CHECK(f.place(10) == counts{{"busy", 10}}); // nodes come by name
    CHECK(f.place(20) == counts{{"empty", 20}});
    CHECK(f.place(4) == counts{{"small", 4}});
}

TEST_CASE("load_weighted_random draws by room, fills all of it, and nothing beyond") {
    fixture f("load_weighted_random");
    CHECK(f.place(34) == counts{{"busy", 10}, {"empty", 20}, {"small", 4}});
    f.fleet.add_ledger("late", {{}, "eu", {}});
    const auto refused = f.fleet.controller().try_submit(engine_rig::asking("late", {"1"}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "no_capacity");
    CHECK(refused.error().retryable());
}
