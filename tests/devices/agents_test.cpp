// Jobs on agents: order, none twice, none lost, whatever becomes of agents, connections and the controller.
#include "devices/fleet_rig.hpp"
#include "devices/ledger_file.hpp"
#include "model/job_json.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

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

} // namespace

TEST_CASE("a job runs on an agent, its output streams while it runs, and its session is listed with the node") {
    fleet_rig fleet;
    fleet.add_agent("a1", 100, "eu", {{"site", "fra1"}});
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit("d", {"print one", "print two;hang"});
    fleet.settle([&] {
        const auto shown = rig.now(id);
        return shown->results.size() == 2 && shown->results[1].output == "two\n";
    });
    const auto shown = rig.now(id);
    CHECK(shown->state == model::job_state::running);
    CHECK(shown->node == "a1");
    CHECK(shown->results[0].output == "one\n");
    REQUIRE(shown->session);
    const auto sessions = rig.engine().sessions();
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].id == shown->session->id);
    CHECK(sessions[0].node == "a1");
    CHECK(sessions[0].device == "d");
    CHECK(sessions[0].state == "busy");
    const auto node = fleet.node("a1");
    CHECK(node.region == "eu");
    CHECK(node.tags == model::labels{{"site", "fra1"}});
    CHECK(node.count == 1);
    CHECK(node.capacity == 100);

    REQUIRE(rig.wait(rig.engine().cancel(id)));
    const auto last = rig.finished(id);
    CHECK(last->state == model::job_state::cancelled);
    REQUIRE(last->results.size() == 2);
    CHECK(last->results[0].output == "one\n");
    CHECK(last->results[1].output == "two\n");

    const auto next = rig.run("d", {"count"});
    CHECK(next->state == model::job_state::succeeded);
    CHECK(next->node == "a1");
}

TEST_CASE("200 devices over three agents, one of which dies: in order, no change twice, none lost") {
    constexpr int device_count = 200;
    constexpr int each_submits = 15;
    fleet_rig fleet;
    fleet.add_agent("a1", 70);
    fleet.add_agent("a2", 70);
    fleet.add_agent("a3", 400);
    auto& rig = fleet.controller();
    std::map<int, std::vector<std::string>> ids;
    for (int d = 0; d < device_count; ++d)
        fleet.add_ledger("d" + std::to_string(d));
    // Each third is a change.
    for (int i = 0; i < each_submits; ++i) {
        for (int d = 0; d < device_count; ++d) {
            auto wanted = engine_rig::asking("d" + std::to_string(d), {std::to_string(i)});
            wanted.change = i % 3 == 2;
            ids[d].push_back(rig.submit(std::move(wanted)));
        }
        if (i == 4)
            CHECK(fleet.node("a2").count > 0);
        if (i == 5)
            fleet.kill("a2");
        if (i == 10)
            fleet.offline("a2");
    }
    std::size_t unknown = 0;
    std::set<std::string> nodes;
    for (int d = 0; d < device_count; ++d) {
        std::map<int, model::job_state> states;
        for (int i = 0; i < each_submits; ++i) {
            const auto last = rig.finished(ids[d][static_cast<std::size_t>(i)]);
            nodes.insert(last->node);
            states[i] = last->state;
            if (last->state == model::job_state::unknown) {
                ++unknown;
                CHECK(last->request.change);
                CHECK(code_of(last) == "node_lost");
            } else {
                INFO(model::to_json_text(*last));
                REQUIRE(last->state == model::job_state::succeeded);
                CHECK(last->results.at(0).output == "done " + std::to_string(i) + "\n");
            }
        }
        std::vector<int> ran;
        for (const auto& line : test::lines_of(fleet.data() / ("d" + std::to_string(d))))
            ran.push_back(std::stoi(line));
        INFO("device " << d);
        CHECK(std::is_sorted(ran.begin(), ran.end()));
        for (int i = 0; i < each_submits; ++i) {
            const auto times = std::count(ran.begin(), ran.end(), i);
            if (states[i] == model::job_state::unknown)
                CHECK(times <= 1);
            else if (i % 3 == 2)
                CHECK(times == 1);
            else
                CHECK(times >= 1);
        }
    }
    CHECK(nodes.size() >= 2);
    INFO("changes that became unknown: " << unknown);
    CHECK(unknown <= 70);
}

TEST_CASE("a short disconnect moves nothing: what runs goes on, what waits stays in its order") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_agent("a2");
    auto& rig = fleet.controller();
    fleet.add_ledger("d", {}, 300);
    const auto first = rig.submit(change("d", "1"));
    const auto second = rig.submit(change("d", "2"));
    rig.running(first);
    fleet.disconnect("a1");
    const auto third = rig.submit(change("d", "3"));
    CHECK(rig.state_of(second) == model::job_state::queued);
    fleet.connect("a1");
    for (const auto& id : {first, second, third}) {
        const auto last = rig.finished(id);
        CHECK(last->state == model::job_state::succeeded);
        CHECK(last->node == "a1");
    }
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("an order that never arrived is sent again, also when it is a change, and runs once") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    fleet.add_ledger("d");
    fleet.link().lose_orders(true);
    const auto id = rig.submit(change("d", "1"));
    rig.running(id);
    fleet.link().wait_said(devices::kind::run, 1); // no event tells of it
    fleet.disconnect("a1");
    fleet.link().lose_orders(false);
    fleet.connect("a1");
    CHECK(rig.finished(id)->state == model::job_state::succeeded);
    CHECK(fleet.link().count(devices::kind::run) == 2);
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"1"});
}

TEST_CASE("secrets go to the agent and nowhere else") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_credential("lab", "hunter2-the-password");
    rig.add_device("d", "echo", {}, "lab");
    auto wanted = engine_rig::asking("d", {"print x"});
    wanted.commands[0].prompts.push_back({"sure\\?", base::secret("hunter2-the-reply")});
    const auto id = rig.submit(std::move(wanted));
    CHECK(rig.finished(id)->state == model::job_state::succeeded);
    std::size_t orders = 0;
    for (const auto& [kind, body] : fleet.link().seen()) {
        const bool holds = body.find("hunter2") != std::string::npos;
        CHECK(holds == (kind == devices::kind::run));
        orders += holds ? 1 : 0;
    }
    CHECK(orders == 1);
    CHECK(model::to_json_text(*rig.now(id)).find("hunter2") == std::string::npos);
    for (const auto& each : std::filesystem::recursive_directory_iterator(fleet.data())) {
        if (!each.is_regular_file())
            continue;
        std::ifstream in(each.path(), std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(in)), {});
        INFO(each.path());
        CHECK(content.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("a device is run only on nodes that it allows") {
    fleet_rig fleet(true);
    fleet.add_agent("a1", 100, "eu", {{"site", "fra1"}});
    fleet.add_agent("a2", 100, "us", {{"site", "nyc1"}});
    auto& rig = fleet.controller();
    fleet.add_ledger("named", {{"a2"}, {}, {}});
    fleet.add_ledger("labelled", {{}, {}, {{"site", "fra1"}}});
    fleet.add_ledger("regional", {{}, "us", {}});
    fleet.add_ledger("nowhere", {{}, {}, {{"site", "mars"}}});
    CHECK(rig.run("named", {"x"})->node == "a2");
    CHECK(rig.run("labelled", {"x"})->node == "a1");
    CHECK(rig.run("regional", {"x"})->node == "a2");
    const auto refused = rig.try_submit(engine_rig::asking("nowhere", {"x"}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "no_node_online");
    CHECK(refused.error().retryable());
    CHECK(refused.error().message() ==
          "no node is online that the device nowhere allows (site=mars) and that has the driver ledger: start such an "
          "agent with agent.jobs.enabled, or correct `nodes` of the device");

    // One whose only node is away for a moment is waited for.
    fleet.disconnect("a1");
    fleet.add_ledger("other", {{"a1"}, {}, {}});
    const auto waiting = rig.submit("other", {"y"});
    CHECK(rig.state_of(waiting) == model::job_state::queued);
    fleet.connect("a1");
    CHECK(rig.finished(waiting)->node == "a1");
}

TEST_CASE("a job that waits for a node can be cancelled") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto running = rig.submit("d", {"print x;hang"});
    const auto waiting = rig.submit("d", {"print y"});
    rig.printing(running);
    fleet.disconnect("a1");
    fleet.offline("a1");
    rig.wait(rig.engine().cancel(waiting)).value();
    CHECK(rig.finished(waiting)->state == model::job_state::cancelled);
    CHECK(rig.state_of(running) == model::job_state::queued);
    rig.wait(rig.engine().cancel(running)).value();
    CHECK(rig.finished(running)->state == model::job_state::cancelled);
}

TEST_CASE("a cancellation while the agent is away reaches it when it is back") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto id = rig.submit("d", {"print x;hang"});
    rig.printing(id);
    fleet.disconnect("a1");
    CHECK(rig.wait(rig.engine().cancel(id)).value()->state == model::job_state::running);
    fleet.connect("a1");
    CHECK(rig.finished(id)->state == model::job_state::cancelled);
}

TEST_CASE("output that takes many messages arrives whole") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto last = rig.run("d", {"emit 900000", "emit 1000000", "emit 800000", "print end"});
    REQUIRE(last->state == model::job_state::succeeded);
    REQUIRE(last->results.size() == 4);
    CHECK(last->results[0].output.size() == 900'000);
    CHECK(last->results[1].output.size() == 1'000'000);
    CHECK(last->results[2].output.size() == 800'000);
    CHECK(last->results[3].output == "end\n");
    for (const auto& each : last->results)
        CHECK_FALSE(each.truncated);
    CHECK(fleet.link().count(devices::kind::end) >= 3);
    for (const auto& [kind, body] : fleet.link().seen())
        CHECK(body.size() <= std::size_t{1} << 20U);
}

TEST_CASE("a session on an agent is closed from the controller") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "echo");
    const auto session = rig.run("d", {"count"})->session.value().id;
    REQUIRE(rig.wait(rig.engine().close_session(session, false)));
    fleet.settle([&] { return rig.engine().sessions().empty(); });
    const auto gone = rig.wait(rig.engine().close_session(session, false));
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code() == "session_not_found");
    CHECK(rig.run("d", {"count"})->results.at(0).output == "1\n");
}

TEST_CASE("a driver that only agents have, and one that nobody has") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    rig.add_device("d", "absent");
    const auto refused = rig.try_submit(engine_rig::asking("d", {"x"}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "no_node_online");
}
