// Ends of jobs on agents that are long, late, lost or cut, and devices that change hands.
#include "devices/fleet_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;
using test::fleet_rig;

namespace {

model::job_request change(const std::string& device, const std::vector<std::string>& commands) {
    auto wanted = engine_rig::asking(device, commands);
    wanted.change = true;
    return wanted;
}

const std::vector<std::string> much{"emit 900000", "emit 1000000", "emit 800000", "print end"};

void expect_much(const devices::job_ptr& last) {
    REQUIRE(last->state == model::job_state::succeeded);
    REQUIRE(last->results.size() == 4);
    CHECK(last->results[0].output.size() == 900'000);
    CHECK(last->results[1].output.size() == 1'000'000);
    CHECK(last->results[2].output.size() == 800'000);
    CHECK(last->results[3].output == "end\n");
    for (const auto& each : last->results)
        CHECK_FALSE(each.truncated);
}

} // namespace

TEST_CASE("the controller is restarted while a long end arrives: the job ends once, with all of its output") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.controller().add_device("d", "echo");
    fleet.link().deaf_after_ends(1);
    const auto id = fleet.controller().submit(change("d", much));
    fleet.link().wait_said(devices::kind::end, 3);
    fleet.restart_controller();
    fleet.link().deaf_after_ends(-1);
    CHECK(fleet.controller().state_of(id) == model::job_state::running);
    fleet.connect("a1");
    expect_much(fleet.controller().finished(id));
    CHECK(fleet.link().count(devices::kind::run) == 1);
}

TEST_CASE("two long ends at once, whose parts take turns in the spool, do not fill it for ever") {
    fleet_rig fleet;
    auto& agent = fleet.add_agent("a1");
    auto& rig = fleet.controller();
    const std::vector<std::string> commands(12, "emit 1000000");
    std::vector<std::string> ids;
    for (const auto* device : {"d", "e"}) {
        rig.add_device(device, "echo");
        ids.push_back(rig.submit(change(device, commands)));
    }
    for (const auto& id : ids) {
        const auto last = rig.finished(id);
        REQUIRE(last->state == model::job_state::succeeded);
        REQUIRE(last->results.size() == commands.size());
        for (const auto& each : last->results)
            CHECK(each.output.size() == 1'000'000);
    }
    for (int i = 0; i < 100 && agent.link->undelivered() != 0; ++i)
        rig.run("d", {"print x"});
    CHECK(agent.link->undelivered() == 0);
}

TEST_CASE("an end for which the agent's spool has no room leaves neither a job running nor the link full") {
    fleet_rig fleet;
    fleet.limit_spools(std::uint64_t{2} << 20U);
    auto& agent = fleet.add_agent("a1");
    auto& rig = fleet.controller();
    std::vector<std::string> ids;
    for (const auto* device : {"d", "e", "f"}) {
        rig.add_device(device, "echo");
        ids.push_back(rig.submit(change(device, std::vector<std::string>(6, "emit 1000000"))));
    }
    for (const auto& id : ids) {
        const auto last = rig.finished(id);
        CHECK((last->state == model::job_state::succeeded || last->state == model::job_state::unknown));
    }
    CHECK(rig.run("d", {"print x"})->state == model::job_state::succeeded);
    for (int i = 0; i < 100 && agent.link->undelivered() != 0; ++i)
        rig.run("d", {"print x"});
    CHECK(agent.link->undelivered() == 0);
}

TEST_CASE("an agent that dies while it keeps a long end holds nothing up: what is behind it arrives") {
    fleet_rig fleet;
    auto& agent = fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    agent.link->die_after_ends(1);
    const auto id = rig.submit(change("d", much));
    fleet.link().wait_said(devices::kind::end, 2);
    agent.link->die_after_ends(-1);
    fleet.kill("a1");
    fleet.boot("a1");
    fleet.connect("a1");
    CHECK(rig.finished(id)->state == model::job_state::unknown);
    expect_much(rig.run("d", much));
    for (int i = 0; i < 100 && agent.link->undelivered() != 0; ++i)
        rig.run("d", {"print x"});
    CHECK(agent.link->undelivered() == 0);
}

TEST_CASE("an end that the agent's spool had to drop leaves no job running for ever") {
    fleet_rig fleet;
    auto& agent = fleet.add_agent("a1");
    auto& rig = fleet.controller();
    fleet.add_ledger("c");
    fleet.add_ledger("r");
    agent.link->drop_end();
    const auto changed = rig.finished(rig.submit(change("c", {"1"})));
    CHECK(changed->state == model::job_state::unknown);
    REQUIRE(changed->error);
    CHECK(changed->error->code() == "result_lost");
    CHECK(test::lines_of(fleet.data() / "c") == std::vector<std::string>{"1"});

    agent.link->drop_end();
    const auto read = rig.run("r", {"1"});
    CHECK(read->state == model::job_state::succeeded);
    CHECK(test::lines_of(fleet.data() / "r") == std::vector<std::string>{"1", "1"});
}

TEST_CASE("a change whose end was lost is not run again when the agent has forgotten it, either") {
    fleet_rig fleet;
    auto& agent = fleet.add_agent("a1");
    fleet.reboot("a1", {std::size_t{16} << 20U, 1, 1h});
    auto& rig = fleet.controller();
    fleet.add_ledger("c");
    fleet.add_ledger("e");
    agent.link->drop_end();
    const auto lost = rig.submit(change("c", {"1"}));
    fleet.link().wait_said(devices::kind::end, 1);
    CHECK(rig.run(change("e", {"1"}))->state == model::job_state::succeeded);
    CHECK(rig.state_of(lost) == model::job_state::running);
    fleet.disconnect("a1");
    fleet.connect("a1");
    const auto last = rig.finished(lost);
    CHECK(last->state == model::job_state::unknown);
    REQUIRE(last->error);
    CHECK(last->error->code() == "result_lost");
    CHECK(test::lines_of(fleet.data() / "c") == std::vector<std::string>{"1"});
}

TEST_CASE("an end is cut to what the agent's spool has room for") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.reboot("a1", {100'000, 20'000, 1ms});
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto last = rig.run("d", {"emit 900000", "print end"});
    REQUIRE(last->state == model::job_state::succeeded);
    REQUIRE(last->results.size() == 2);
    CHECK(last->results[0].truncated);
    CHECK_FALSE(last->results[0].output.empty());
    CHECK(last->results[0].output.size() < 300'000);
    CHECK(last->results[1].truncated);
}

TEST_CASE("the same late end twice corrects once, and both are acknowledged") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit(change("d", {"print x;hang"}));
    rig.printing(id);
    fleet.disconnect("a1");
    fleet.offline("a1");
    CHECK(rig.finished(id)->state == model::job_state::unknown);
    devices::ended_job end;
    end.which = {id, 0};
    end.state = model::job_state::succeeded;
    end.results.emplace_back().output = "done";
    std::promise<void> first;
    std::promise<void> second;
    rig.engine().ended_late("a1", end, [&] { first.set_value(); });
    rig.engine().ended_late("a1", end, [&] { second.set_value(); });
    engine_rig::get(first.get_future());
    engine_rig::get(second.get_future());
    const auto last = rig.wait(rig.engine().get(id)).value();
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->results.at(0).output == "done");
    CHECK(last->results[0].command == "print x;hang"); // which an end need not tell

    // Another node, and another attempt, are no witnesses.
    std::promise<void> third;
    end.which.run = 1;
    end.state = model::job_state::failed;
    rig.engine().ended_late("a1", end, [&] { third.set_value(); });
    engine_rig::get(third.get_future());
    CHECK(rig.wait(rig.engine().get(id)).value()->state == model::job_state::succeeded);
}

TEST_CASE("a device stays with the agent that has its session, across a restart of the controller") {
    fleet_rig fleet;
    fleet.add_agent("a2");
    fleet.controller().add_device("d", "echo");
    const auto before = fleet.controller().run("d", {"count"});
    CHECK(before->node == "a2");
    fleet.add_agent("a1"); // which the scheduler prefers
    CHECK(fleet.controller().run("d", {"count"})->node == "a2");
    fleet.restart_controller();
    fleet.connect("a1");
    fleet.connect("a2");
    const auto after = fleet.controller().run("d", {"count"});
    CHECK(after->node == "a2");
    CHECK(after->session.value().id == before->session.value().id);
    CHECK(after->results.at(0).output == "3\n");
}

TEST_CASE("an agent that a device no longer allows gets nothing new of it, although it has its session") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_agent("a2");
    auto& rig = fleet.controller();
    fleet.add_ledger("d");
    const auto before = rig.run("d", {"1"});
    CHECK(before->node == "a1");
    fleet.add_ledger("d", {{"a2"}, {}, {}});
    const auto refused = rig.try_submit(engine_rig::asking("d", {"2"}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "no_node_online");
    CHECK(refused.error().retryable());
    CHECK(refused.error().message() == "the device d still has a session or jobs on the node a1, which it no longer "
                                       "allows: close the session, or wait until it ends");
    REQUIRE(rig.wait(rig.engine().close_session(before->session.value().id, false)));
    fleet.settle([&] { return rig.engine().sessions().empty(); });
    CHECK(rig.run("d", {"2"})->node == "a2");
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1", "2"});
}
