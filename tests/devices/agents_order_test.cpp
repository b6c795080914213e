// Order and attempts of jobs on agents when things happen at the wrong moment.
#include "devices/fleet_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>
#include <mutex>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;
using test::fleet_rig;

namespace {

model::job_request change(const std::string& device, const std::string& command) {
    auto wanted = engine_rig::asking(device, {command});
    wanted.change = true;
    return wanted;
}

void allow(fleet_rig& fleet, const std::string& device, std::vector<std::string> names) {
    model::device made;
    made.name = device;
    made.at.driver = "echo";
    made.at.host = device + ".test";
    made.nodes.names = std::move(names);
    fleet.controller().wait(fleet.controller().inventory().put(std::move(made))).value();
}

} // namespace

TEST_CASE("after a restart of the controller a fifo job elsewhere does not take the queue of its device along") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_agent("a2");
    allow(fleet, "d", {"a1"});
    const auto first = fleet.controller().submit(change("d", "print x;hang"));
    fleet.controller().printing(first);
    allow(fleet, "d", {"a2"});
    auto beside = engine_rig::asking("d", {"print y;hang"});
    beside.how = model::strategy::fifo;
    const auto fifo = fleet.controller().submit(std::move(beside));
    fleet.controller().printing(fifo);
    allow(fleet, "d", {});
    const auto behind = fleet.controller().submit(change("d", "print z"));
    CHECK(fleet.controller().state_of(behind) == model::job_state::queued);
    fleet.restart_controller();
    auto& rig = fleet.controller();
    fleet.connect("a2");
    rig.add_device("other", "echo");
    CHECK(rig.run("other", {"print"})->node == "a2");
    CHECK(rig.state_of(first) == model::job_state::running);
    CHECK(rig.state_of(behind) == model::job_state::queued);
    fleet.connect("a1");
    REQUIRE(rig.wait(rig.engine().cancel(first)));
    const auto last = rig.finished(behind);
    CHECK(last->node == "a1");
    CHECK(last->started_at >= rig.finished(first)->finished_at);
    REQUIRE(rig.wait(rig.engine().cancel(fifo)));
    CHECK(rig.finished(fifo)->state == model::job_state::cancelled);
}

TEST_CASE("a queued job whose driver only agents have waits for them after a restart of the controller") {
    fleet_rig fleet(true);
    fleet.add_agent("a1");
    fleet.controller().add_device("d", "elsewhere");
    fleet.disconnect("a1");
    const auto id = fleet.controller().submit("d", {"x"});
    CHECK(fleet.controller().state_of(id) == model::job_state::queued);
    fleet.restart_controller();
    fleet.connect("a1");
    CHECK(fleet.controller().finished(id)->node == "a1");
}

TEST_CASE("what only waits while the controller comes and goes has lost nothing of its attempts") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.controller().add_device("d", "echo");
    fleet.disconnect("a1");
    const auto id = fleet.controller().submit("d", {"print x;hang"});
    for (int i = 0; i < 3; ++i)
        fleet.restart_controller();
    CHECK(fleet.controller().state_of(id) == model::job_state::queued);
    fleet.connect("a1");
    fleet.controller().printing(id);
    CHECK(fleet.controller().now(id)->restarts == 0);
    REQUIRE(fleet.controller().wait(fleet.controller().engine().cancel(id)));
    CHECK(fleet.controller().finished(id)->state == model::job_state::cancelled);
}

TEST_CASE("a job that reads and that agents went away from before they had it is not given up") {
    fleet_rig fleet;
    fleet.add_agent("a0");
    auto& rig = fleet.controller();
    fleet.add_ledger("d");
    fleet.link().refuse(devices::kind::run);
    const auto id = rig.submit("d", {"1"});
    for (int i = 0; i < 4; ++i) {
        const auto now = "a" + std::to_string(i);
        fleet.settle([&] { return rig.now(id)->node == now; });
        fleet.add_agent("a" + std::to_string(i + 1));
        fleet.disconnect(now);
        fleet.offline(now);
    }
    fleet.link().refuse({});
    const auto last = rig.finished(id);
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->node == "a4");
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1"});
}

TEST_CASE("a cancellation that the link does not take at once is told later, on the same connection") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit("d", {"print x;hang"});
    rig.printing(id);
    fleet.link().refuse(devices::kind::cancel);
    CHECK(rig.wait(rig.engine().cancel(id)).value()->state == model::job_state::running);
    CHECK(fleet.link().count(devices::kind::cancel) == 1);
    fleet.link().refuse({});
    CHECK(rig.finished(id)->state == model::job_state::cancelled);
    CHECK(fleet.link().count(devices::kind::hello) == 1);
}

TEST_CASE("an agent that is given up while its record is being made is not the one that the disk names in the end") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_agent("a2");
    auto& rig = fleet.controller();
    fleet.add_ledger("d");
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> written;
    std::future<void> gone;
    const auto write = rig.node().write;
    rig.node().write = [&](const model::job& record, std::function<void(result<void>)> done) {
        if (record.node == "a1") {
            gone = std::async(std::launch::async, [&] {
                fleet.disconnect("a1");
                fleet.offline("a1");
            });
            std::unique_lock lock(mutex); // a moment in which the other node could be first
            changed.wait_for(lock, 200ms, [&] { return !written.empty(); });
        }
        {
            const std::lock_guard lock(mutex);
            written.push_back(record.node);
        }
        changed.notify_all();
        write(record, std::move(done));
    };
    const auto id = rig.submit(change("d", "1"));
    const auto last = rig.finished(id);
    gone.get();
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->node == "a2");
    CHECK(written == std::vector<std::string>{"a1", "a2"});
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1"});
}
