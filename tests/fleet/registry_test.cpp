// What the controller's book says of agents that fall silent, by a clock that the test moves.
#include "api/memory_store.hpp"
#include "support/print_result.hpp"
#include "support/run.hpp"

#include "base/json.hpp"
#include "fleet/registry.hpp"
#include "state/event_bus.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using model::agent_state;

namespace {

class hand_clock final : public base::clock {
  public:
    [[nodiscard]] base::steady_time steady_now() const override { return base::steady_time(1h) + passed; }

    [[nodiscard]] base::wall_time wall_now() const override {
        return base::wall_time(std::chrono::floor<std::chrono::milliseconds>(1'800'000'000s + passed));
    }

    base::duration passed{};
};

/// One agent, edge1, in a book of its own, with a listener to its events.
class rig {
  public:
    void greet(base::duration heartbeat = 10s) {
        fleet::protocol::hello from;
        from.version = "1.2.3";
        from.host = "edge1.example.net";
        from.boot_id = "boot-1";
        from.heartbeat = heartbeat;
        book.greeted("edge1", shown(), from, "192.0.2.7:40000");
    }

    void beat() { book.heartbeat("edge1", base::json{{"uptime_seconds", 5}}); }

    /// Its state after the next sweep, so long after the last.
    agent_state after(base::duration span) {
        clock.passed += span;
        book.sweep();
        return book.find("edge1")->state;
    }

    /// The states that events have told since the last call.
    std::vector<std::string> told() {
        bus.publish("agent", "end", "");
        std::vector<std::string> states;
        for (;;) {
            const auto came = test::run(loop, events->next(base::system_clock().steady_now() + 60s));
            REQUIRE_FALSE(came.empty());
            for (const auto& each : came) {
                if (each->key == "end")
                    return states;
                CHECK(each->topic == "agent");
                CHECK(each->key == "edge1");
                states.push_back(base::parse_json(each->data)->at("state").get<std::string>());
            }
        }
    }

    static net::certificate_facts shown() {
        net::certificate_facts facts;
        facts.name = "edge1";
        facts.serial = "01";
        facts.not_after = base::wall_time(1'900'000'000s);
        return facts;
    }

    test::asio::io_context loop;
    hand_clock clock;
    api_test::memory_store records;
    state::event_bus bus;
    std::unique_ptr<state::subscription> events =
        bus.subscribe(loop.get_executor(), [](const state::event&) { return true; });
    fleet::registry book{records, bus, clock};
};

using states = std::vector<std::string>;

} // namespace

TEST_CASE("an agent that is connected and silent is late from 2.5 intervals on, offline from 6 on, and comes back") {
    rig of;
    of.greet();
    CHECK(of.after(0s) == agent_state::online);
    CHECK(of.after(25s - 1ns) == agent_state::online);
    CHECK(of.after(1ns) == agent_state::late);
    CHECK(of.book.find("edge1")->connected);
    CHECK(of.after(35s - 1ns) == agent_state::late);
    CHECK(of.after(1ns) == agent_state::offline);
    CHECK(of.after(1h) == agent_state::offline);
    CHECK(of.told() == states{"online", "late", "offline"}); // each once, however many sweeps there were
    of.beat();
    CHECK(of.book.find("edge1")->state == agent_state::online); // at once, not with the next sweep
    CHECK(of.after(25s - 1ns) == agent_state::online);
    CHECK(of.after(1ns) == agent_state::late);
    of.beat();
    CHECK(of.after(1s) == agent_state::online);
    CHECK(of.told() == states{"online", "late", "online"});
}

TEST_CASE("an agent whose connection has gone without a farewell is late at the next sweep, and offline at 6 intervals "
          "of silence") {
    rig of;
    of.greet();
    CHECK(of.after(10s) == agent_state::online);
    of.beat();
    CHECK(of.after(1s - 1ns) == agent_state::online);
    of.book.disconnected("edge1", false);
    CHECK_FALSE(of.book.find("edge1")->connected);
    CHECK(of.after(0s) == agent_state::online); // it may be back in a moment
    CHECK(of.after(1ns) == agent_state::late);
    of.beat(); // of a connection that is not there any more
    CHECK(of.after(59s - 1ns) == agent_state::late);
    CHECK(of.after(1ns) == agent_state::offline);
    CHECK(of.told() == states{"online", "late", "offline"});
    of.greet();
    CHECK(of.book.find("edge1")->state == agent_state::online);
    CHECK(of.book.find("edge1")->connected);
    CHECK(of.after(25s - 1ns) == agent_state::online);
    CHECK(of.told() == states{"online"});
}

TEST_CASE("the end of a silent connection leaves its agent late, and silence counts from the last that was heard") {
    rig of;
    of.greet();
    CHECK(of.after(25s) == agent_state::late);
    CHECK(of.after(5s) == agent_state::late);
    of.book.disconnected("edge1", false);
    CHECK(of.after(30s - 1ns) == agent_state::late);
    CHECK(of.after(1ns) == agent_state::offline);
    CHECK(of.told() == states{"online", "late", "offline"});
}

TEST_CASE("a farewell makes an agent offline at once, and it stays so") {
    rig of;
    of.greet();
    of.book.disconnected("edge1", true);
    CHECK(of.book.find("edge1")->state == agent_state::offline);
    CHECK(of.after(0s) == agent_state::offline);
    CHECK(of.told() == states{"online", "offline"});
}

TEST_CASE("the interval is what the agent says, a second at least") {
    rig of;
    of.greet(60s);
    CHECK(of.after(150s - 1ns) == agent_state::online);
    CHECK(of.after(1ns) == agent_state::late);
    of.greet(0s);
    CHECK(of.after(2500ms - 1ns) == agent_state::online);
    CHECK(of.after(1ns) == agent_state::late);
    CHECK(of.after(3500ms - 1ns) == agent_state::late);
    CHECK(of.after(1ns) == agent_state::offline);
    CHECK(of.told() == states{"online", "late", "online", "late", "offline"});
}

TEST_CASE("an agent that was revoked stays so, silent or not") {
    rig of;
    of.greet();
    REQUIRE(test::run(of.loop, of.book.revoke("edge1")));
    of.beat();
    CHECK(of.after(0s) == agent_state::revoked);
    of.book.disconnected("edge1", false);
    CHECK(of.after(25s) == agent_state::revoked);
    CHECK(of.after(1h) == agent_state::revoked);
    CHECK(of.told() == states{"online", "revoked"});
}

TEST_CASE("agents are offline when the controller starts, until they come, and what has passed is there") {
    rig of;
    of.greet();
    for (const auto packets : {10U, 17U}) {
        const base::json eth0{{"rx_packets", packets}, {"tx_errors", 3U}};
        of.book.heartbeat("edge1", base::json{{"host_boot_id", "b"}, {"network", {{"eth0", eth0}}}});
    }
    test::run(of.loop, of.book.save());
    fleet::registry later(of.records, of.bus, of.clock);
    REQUIRE(test::run(of.loop, later.load()));
    REQUIRE(later.find("edge1"));
    CHECK(later.find("edge1")->state == agent_state::offline);
    CHECK_FALSE(later.find("edge1")->connected);
    later.sweep();
    CHECK(later.find("edge1")->state == agent_state::offline);
    REQUIRE(later.find("edge1")->traffic.size() == 1);
    CHECK(later.find("edge1")->traffic[0].name == "eth0");
    CHECK(later.find("edge1")->traffic[0].passed.rx_packets == 7);
    CHECK(later.find("edge1")->traffic[0].passed.tx_errors == 0);
}

TEST_CASE("what a heartbeat tells of checks that were missed and lost is known until the next one tells") {
    rig of;
    of.greet();
    const auto beat = [&of](std::string_view text) { of.book.heartbeat("edge1", base::parse_json(text).value()); };
    beat(R"({"checks":{"assigned":9,"ticks_missed":7,"results_lost":2}})");
    CHECK(of.book.find("edge1")->ticks_missed == 7);
    CHECK(of.book.find("edge1")->results_lost == 2);
    of.beat();
    CHECK(of.book.find("edge1")->ticks_missed == 7);
    beat(R"({"checks":{"ticks_missed":-3,"results_lost":"many"}})");
    CHECK(of.book.find("edge1")->ticks_missed == 0); // what is no count
    CHECK(of.book.find("edge1")->results_lost == 0);
}
