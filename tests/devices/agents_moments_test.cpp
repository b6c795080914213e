// Order and attempts when two threads meet: what comes while an agent greets, is given up, or the clock was set back.
#include "devices/fleet_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"

#include "model/job_json.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <future>
#include <set>
#include <thread>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;
using test::fleet_rig;

namespace {

std::string device(int number) {
    return "d" + std::to_string(number);
}

model::job_request change(const std::string& of, const std::string& command) {
    auto wanted = engine_rig::asking(of, {command});
    wanted.change = true;
    return wanted;
}

/// An id that this process would make in about a minute: the first 32 of its bits count by 65,536 ms.
std::string made_later(const std::string& id) {
    char first[9];
    std::snprintf(first, sizeof(first), "%08lx", std::stoul(id.substr(0, 8), nullptr, 16) + 1);
    return first + id.substr(8);
}

} // namespace

TEST_CASE("jobs stay in the order of their acceptance over a restart with a clock that was set back") {
    fleet_rig fleet;
    fleet.add_agent("a1");
    fleet.add_ledger("d");
    fleet.disconnect("a1");
    const auto first = fleet.controller().submit(change("d", "0"));
    auto ahead = *fleet.controller().now(first);
    ahead.id = made_later(first);
    ahead.request.commands.at(0).text = "1";
    std::promise<result<void>> written;
    fleet.controller().records().put(ahead, [&](result<void> done) { written.set_value(std::move(done)); });
    REQUIRE(engine_rig::get(written.get_future()));
    fleet.restart_controller({"a1"}); // the clock reads a minute less than it did
    const auto last = fleet.controller().submit(change("d", "2"));
    CHECK(last > ahead.id);
    fleet.connect("a1");
    CHECK(fleet.controller().finished(last)->state == model::job_state::succeeded);
    CHECK(test::lines_of(fleet.data() / "d") == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("what is begun again stays before what comes in the very moment in which its agent greets") {
    constexpr int count = 24;
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    std::vector<std::string> before;
    for (int i = 0; i < count; ++i) {
        rig.add_device(device(i), "echo");
        before.push_back(rig.submit(device(i), {"print begun;sleep 1s"}));
    }
    for (const auto& id : before)
        rig.printing(id);
    fleet.kill("a1");
    fleet.boot("a1");
    std::vector<std::string> behind;
    std::thread comes([&] {
        for (int i = 0; i < count; ++i)
            behind.push_back(rig.submit(device(i), {"print behind"}));
    });
    fleet.connect("a1");
    comes.join();
    for (std::size_t i = 0; i < count; ++i) {
        const auto first = rig.finished(before[i]);
        const auto second = rig.finished(behind[i]);
        CHECK(first->state == model::job_state::succeeded);
        CHECK(second->state == model::job_state::succeeded);
        CHECK(second->started_at >= first->finished_at);
    }
}

TEST_CASE("an agent that greets while it is given up has each job once, and in its order") {
    constexpr int rounds = 12;
    constexpr int count = 8;
    fleet_rig fleet;
    fleet.add_agent("a1");
    auto& rig = fleet.controller();
    for (int i = 0; i < count; ++i)
        fleet.add_ledger(device(i), {}, 1);
    std::map<int, std::vector<std::string>> ids;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < count; ++i)
            ids[i].push_back(rig.submit(change(device(i), std::to_string(round))));
        fleet.disconnect("a1");
        std::thread gives([&] { fleet.offline("a1"); });
        rig.agents().known("a1", {}, {});
        fleet.at("a1").link->connect(fleet.at("a1").process->executor());
        gives.join();
        fleet.at("a1").link->drain();
        fleet.disconnect("a1"); // whichever came first, its next greeting says what is so
        fleet.connect("a1");
    }
    for (int i = 0; i < count; ++i) {
        for (std::size_t round = 0; round < rounds; ++round) {
            const auto last = rig.finished(ids[i][round]);
            INFO(model::to_json_text(*last));
            CHECK((last->state == model::job_state::succeeded || last->state == model::job_state::unknown));
        }
        const auto ran = test::lines_of(fleet.data() / device(i));
        std::vector<int> numbers;
        for (const auto& each : ran)
            numbers.push_back(std::stoi(each));
        CHECK(std::is_sorted(numbers.begin(), numbers.end()));
        CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == numbers.size());
    }
}

TEST_CASE(
    "what waits when the controller restarts is not all begun there: the scheduler chooses once agents are back") {
    fleet_rig fleet(true, "least_load");
    fleet.add_agent("a1");
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i)
        fleet.add_ledger(device(i), {{"a1"}, {}, {}}, 200);
    fleet.disconnect("a1");
    for (int i = 0; i < 4; ++i)
        ids.push_back(fleet.controller().submit(change(device(i), "x")));
    for (int i = 0; i < 4; ++i)
        fleet.add_ledger(device(i), {}, 200); // the controller may run them as well now
    fleet.restart_controller({"a1"});
    for (const auto& id : ids)
        CHECK(fleet.controller().state_of(id) == model::job_state::queued);
    fleet.connect("a1");
    std::map<std::string, int> nodes;
    for (const auto& id : ids)
        ++nodes[fleet.controller().finished(id)->node];
    CHECK(nodes == std::map<std::string, int>{{"a1", 2}, {"here", 2}});
}

TEST_CASE("what waits for an agent that does not come back after a restart begins at the controller") {
    fleet_rig fleet(true);
    fleet.wait_for_agents(50ms);
    fleet.add_agent("a1");
    fleet.add_ledger("d", {{"a1"}, {}, {}});
    fleet.disconnect("a1");
    const auto id = fleet.controller().submit(change("d", "x"));
    fleet.add_ledger("d");
    fleet.restart_controller({"a1"});
    CHECK(fleet.controller().finished(id)->node == "here");
}
