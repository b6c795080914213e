// What agents say is taken within bounds, and what goes with them is told.
#include "base/json.hpp"
#include "devices/fleet_rig.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <atomic>

using namespace ferrule;
using base::json;
using test::engine_rig;
using test::fleet_rig;

namespace {

/// Counts the sessions that are told as closed.
class closed_sessions {
  public:
    explicit closed_sessions(engine_rig& rig)
        : heard_(rig.bus().subscribe(rig.loop().make_strand(), [this](const state::event& happened) {
            count_ += happened.topic == "session" && happened.data.find("closed") != std::string::npos ? 1 : 0;
            return false;
        })) {}

    [[nodiscard]] int count() const { return count_; }

  private:
    std::atomic<int> count_{0};
    std::unique_ptr<state::subscription> heard_;
};

} // namespace

TEST_CASE("an agent cannot name sessions without end") {
    fleet_rig fleet;
    fleet.add_agent("a1", 5);
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit("d", {"print x;hang"});
    rig.printing(id);
    for (int i = 0; i < 5000; ++i)
        rig.agents().progress("a1",
                              json{{"what", "session"}, {"id", id}, {"run", 0}, {"session", "s" + std::to_string(i)}});
    rig.agents().progress("a1",
                          json{{"what", "session"}, {"id", id}, {"run", 0}, {"session", std::string(100'000, 's')}});
    CHECK(rig.engine().sessions().size() > 1);
    CHECK(rig.engine().sessions().size() < 1000);
    for (const auto& each : rig.engine().sessions())
        CHECK(each.id.size() < 100);
    REQUIRE(rig.wait(rig.engine().cancel(id)));
    CHECK(rig.finished(id)->state == model::job_state::cancelled);
}

TEST_CASE("an agent cannot show more of a job than the controller keeps, and its end is taken all the same") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit("d", {"print x;hang"});
    rig.printing(id);
    const auto most = rig.node().limits.job_output_limit;
    const json piece{{"what", "output"}, {"id", id}, {"run", 0}, {"index", 0}, {"text", std::string(1 << 20, 'x')}};
    for (std::size_t told = 0; told <= most; told += std::size_t{1} << 20U)
        rig.agents().progress("a1", piece);
    const auto shown = rig.now(id)->results.at(0).output.size();
    CHECK(shown > most / 2);
    CHECK(shown <= most);
    REQUIRE(rig.wait(rig.engine().cancel(id)));
    const auto last = rig.finished(id);
    CHECK(last->state == model::job_state::cancelled);
    CHECK(last->results.at(0).output == "x\n");
}

TEST_CASE("a greeting that cannot be read is none, and one in parts is one when the last has come") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    fleet.disconnect("a1");
    int whole = 0;
    const auto hello = [&](const json& body) { rig.agents().hello("a1", body, [&] { ++whole; }); };
    hello(json::object());
    hello(json::array());
    hello(json{{"instance", std::string(1000, 'x')}});
    CHECK(whole == 0);
    CHECK_FALSE(fleet.node("a1").online);
    hello(json{{"instance", "x"}, {"seq", 1}, {"more", true}});
    hello(json{{"instance", "x"}, {"seq", 1}, {"part", 2}});
    CHECK(whole == 0);
    hello(json{{"instance", "x"}, {"seq", 1}, {"part", 1}});
    CHECK(whole == 1);
    CHECK(fleet.node("a1").online);
}

TEST_CASE("sessions that go with their agent are told as closed") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const closed_sessions closed(rig);
    rig.run("d", {"count"});
    fleet.disconnect("a1");
    fleet.connect("a1");
    CHECK(closed.count() == 0); // it is still open
    SECTION("given up") {
        fleet.kill("a1");
        fleet.offline("a1");
        CHECK(closed.count() == 1);
        fleet.boot("a1");
        fleet.connect("a1");
    }
    SECTION("restarted") {
        fleet.kill("a1");
        fleet.boot("a1");
        fleet.connect("a1");
        rig.wait(rig.until([&] { return closed.count() == 1; }));
    }
    CHECK(closed.count() == 1);
    CHECK(rig.engine().sessions().empty());
}

TEST_CASE("the lines of a configuration show while it runs on an agent, as commands do") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    model::job_request wanted;
    wanted.device = "d";
    wanted.config = {"print one", "print two"};
    wanted.change = true;
    fleet.link().lose_orders(true);
    const auto id = rig.submit(wanted);
    fleet.link().wait_said(devices::kind::run, 1);
    const auto tell = [&](json step) {
        step.update(json{{"id", id}, {"run", 0}});
        rig.agents().progress("a1", step);
    };
    for (int i = 0; i < 3; ++i) { // of which the last is none of its lines
        tell(json{{"what", "output"}, {"index", i}, {"text", "line " + std::to_string(i)}});
        tell(json{{"what", "result"}, {"index", i}, {"result", json::object()}});
    }
    const auto shown = rig.now(id);
    REQUIRE(shown->results.size() == 2);
    CHECK(shown->results[0].command == "print one");
    CHECK(shown->results[0].output == "line 0");
    CHECK(shown->results[1].command == "print two");
    fleet.disconnect("a1");
    fleet.link().lose_orders(false);
    fleet.connect("a1");
    CHECK(rig.finished(id)->node == "a1");
}
