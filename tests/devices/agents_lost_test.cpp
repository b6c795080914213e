// Jobs on agents that are restarted, given up or come back late, and across a restart of the controller.
#include "devices/fleet_rig.hpp"
#include "devices/ledger_file.hpp"
#include "model/job_json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using test::engine_rig;
using test::fleet_rig;

namespace {

model::job_request change(const std::string& device, const std::string& command) {
    auto wanted = engine_rig::asking(device, {command});
    wanted.change = true;
    return wanted;
}

std::string code_of(const devices::job_ptr& job) {
    return job->error ? job->error->code() : "";
}

/// Until the job has been begun again so many times, and has printed something.
void printing_again(fleet_rig& fleet, const std::string& id, int restarts) {
    fleet.settle([&] {
        const auto shown = fleet.controller().now(id);
        return shown->restarts == restarts && !shown->results.empty() && !shown->results[0].output.empty();
    });
}

} // namespace

TEST_CASE("an agent that is restarted loses what ran: a change is unknown, a job that reads runs again") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("c", "echo");
    rig.add_device("r", "echo");
    const auto changing = rig.submit(change("c", "print begun;hang"));
    const auto behind = rig.submit("c", {"print behind"});
    const auto reading = rig.submit("r", {"print begun;hang"});
    rig.printing(changing);
    rig.printing(reading);
    fleet.kill("a1");
    fleet.boot("a1");
    fleet.connect("a1");
    const auto last = rig.finished(changing);
    CHECK(last->state == model::job_state::unknown);
    CHECK(code_of(last) == "node_lost");
    CHECK(rig.finished(behind)->state == model::job_state::succeeded);
    printing_again(fleet, reading, 1);
    REQUIRE(rig.wait(rig.engine().cancel(reading)));
    CHECK(rig.finished(reading)->state == model::job_state::cancelled);
}

TEST_CASE("a job that reads and that three processes of an agent did not survive is given up") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("r", "echo");
    const auto id = rig.submit("r", {"print begun;hang"});
    for (int i = 0; i < 3; ++i) {
        printing_again(fleet, id, i);
        fleet.kill("a1");
        fleet.boot("a1");
        fleet.connect("a1");
    }
    const auto last = rig.finished(id);
    CHECK(last->state == model::job_state::failed);
    CHECK(code_of(last) == "node_lost");
}

TEST_CASE("a node that is given up: its queue goes elsewhere in order, reading jobs run again, changes are unknown") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("c", "echo");
    rig.add_device("r", "echo");
    rig.add_device("f", "echo");
    const auto changing = rig.submit(change("c", "print begun;hang"));
    const auto behind = rig.submit("c", {"count"});
    const auto reading = rig.submit("r", {"print read;sleep 200ms"});
    auto fifo = engine_rig::asking("f", {"print read;sleep 200ms"});
    fifo.how = model::strategy::fifo;
    const auto other = rig.submit(fifo);
    for (const auto& id : {changing, reading, other})
        rig.printing(id);
    fleet.disconnect("a1");
    fleet.add_agent("a2");
    CHECK(rig.state_of(behind) == model::job_state::queued);
    fleet.offline("a1");
    const auto last = rig.finished(changing);
    CHECK(last->state == model::job_state::unknown);
    CHECK(last->node == "a1");
    for (const auto& id : {behind, reading, other}) {
        const auto done = rig.finished(id);
        CHECK(done->state == model::job_state::succeeded);
        CHECK(done->node == "a2");
    }

    // What it finished meanwhile comes too late: it ran elsewhere, and stays as it was told.
    fleet.connect("a1");
    const auto told = rig.finished(reading);
    CHECK(told->node == "a2");
    CHECK(rig.wait(rig.engine().get(reading)).value()->node == "a2");
}

TEST_CASE("the late end of a change that was unknown says what became of it, once") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    fleet.add_ledger("d", {}, 100);
    const auto id = rig.submit(change("d", "1"));
    rig.running(id);
    fleet.link().wait_said(devices::kind::progress, 1);
    fleet.disconnect("a1");
    fleet.offline("a1");
    CHECK(rig.finished(id)->state == model::job_state::unknown);
    fleet.connect("a1");
    fleet.settle([&] { return rig.now(id)->state == model::job_state::succeeded; });
    const auto kept = rig.wait(rig.engine().get(id)).value();
    CHECK(kept->state == model::job_state::succeeded);
    CHECK_FALSE(kept->error);
    CHECK(kept->results.at(0).output == "done 1\n");
    const auto filed = rig.wait(rig.records().get(id)).value();
    CHECK(filed.value().state == model::job_state::succeeded);
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1"});
}

TEST_CASE("the controller is restarted while agents work: what runs there goes on, and what waits keeps its order") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_ledger("d", {{"a1"}, {}, {}}, 300);
    fleet.controller().add_device("h", "echo");
    std::vector<std::string> ids;
    for (int i = 0; i < 6; ++i)
        ids.push_back(fleet.controller().submit(change("d", std::to_string(i))));
    const auto hanging = fleet.controller().submit("h", {"print here;hang"});
    fleet.controller().printing(hanging);
    fleet.controller().running(ids[0]);
    fleet.restart_controller();
    auto& rig = fleet.controller();
    CHECK(rig.state_of(hanging) == model::job_state::running);
    CHECK(rig.now(hanging)->node == "a1");
    CHECK(rig.state_of(ids[5]) == model::job_state::queued);
    fleet.connect("a1");
    for (const auto& id : ids)
        CHECK(rig.finished(id)->state == model::job_state::succeeded);
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"0", "1", "2", "3", "4", "5"});
    CHECK(rig.now(hanging)->restarts == 0);
    REQUIRE(rig.wait(rig.engine().cancel(hanging)));
    CHECK(rig.finished(hanging)->state == model::job_state::cancelled);
}

TEST_CASE("an agent that does not come back after a restart of the controller is given up like any other") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.controller().add_device("c", "echo");
    fleet.controller().add_device("r", "echo");
    const auto changing = fleet.controller().submit(change("c", "print begun;hang"));
    const auto reading = fleet.controller().submit("r", {"print begun;sleep 100ms"});
    fleet.controller().printing(changing);
    fleet.controller().printing(reading);
    fleet.restart_controller();
    auto& rig = fleet.controller();
    CHECK(rig.agents().names() == std::vector<std::string>{"a1"});
    fleet.add_agent("a2");
    CHECK(rig.state_of(changing) == model::job_state::running);
    fleet.offline("a1");
    CHECK(rig.finished(changing)->state == model::job_state::unknown);
    const auto last = rig.finished(reading);
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->node == "a2");
}
