#include "probes/runner_rig.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <set>

using namespace ferrule;
using namespace test;

TEST_CASE("what is assigned is measured at each tick, on whole milliseconds and with its true time") {
    runner_rig on([](const std::string&) { return up; });
    on.runner->assign(all_of(scripted_check("fast", {"one", "two"}, 100ms)));
    const auto samples = on.wait([](const auto& all) {
        return std::count_if(all.begin(), all.end(), [](const auto& each) { return each.target == "one"; }) >= 3;
    });
    std::set<std::string> targets;
    for (const auto& each : samples) {
        CHECK(each.check == "fast");
        CHECK(each.node == "local");
        CHECK(each.success);
        CHECK(each.duration_ms == 1.5);
        CHECK(each.lag >= 0ns);
        targets.insert(each.target);
    }
    CHECK(targets == std::set<std::string>{"one", "two"});
}

TEST_CASE("a node that learns its name late measures under it, as soon as something is assigned") {
    runner_rig on([](const std::string&) { return up; });
    on.runner->rename("edge1");
    on.runner->assign(all_of(scripted_check("fast", {"one"}, 100ms)));
    CHECK(on.wait(1).front().node == "edge1");
}

TEST_CASE("what is due together goes to the plugin together") {
    std::vector<std::string> hosts;
    for (int i = 0; i < 500; ++i)
        hosts.push_back("h" + std::to_string(i));
    runner_rig on([](const std::string&) { return up; });
    on.runner->assign(all_of(scripted_check("many", hosts, 24h)));
    on.runner->run_now("many");
    const auto samples = on.wait(500);
    CHECK(samples.size() == 500);
    CHECK(on.probe->sizes == std::vector<std::size_t>{500});
}

TEST_CASE("a bad result brings tries until the state is hard, and no more") {
    std::atomic<int> asked = 0;
    runner_rig on([&](const std::string&) {
        ++asked;
        return down;
    });
    auto check = scripted_check("edge", {"r1"}, 24h);
    check.retry_interval = 1ms;
    check.max_attempts = 3;
    on.runner->assign(all_of(check));
    on.runner->run_now("edge");
    const auto samples = on.wait(3);
    on.settle();
    CHECK(asked == 3);
    CHECK(samples.front().reason == "nobody is there");
    CHECK(on.figures.retries.Value() == 3); // the first was asked for as well
}

TEST_CASE("the tries end with the first good result") {
    std::atomic<int> asked = 0;
    runner_rig on([&](const std::string&) { return ++asked == 1 ? down : up; });
    auto check = scripted_check("edge", {"r1"}, 24h);
    check.retry_interval = 1ms;
    on.runner->assign(all_of(check));
    on.runner->run_now("edge");
    const auto samples = on.wait(2);
    on.settle();
    CHECK(asked == 2);
    CHECK_FALSE(samples[0].success);
    CHECK(samples[1].success);
}

TEST_CASE("the same again changes nothing, another definition takes its place, what is left out ends") {
    runner_rig on([](const std::string& target) {
        const auto told = base::json::parse(target);
        return result<std::string>(R"({"success": true, "duration_ms": )" + std::to_string(told.value("size", 1)) +
                                   "}");
    });
    auto check = scripted_check("edge", {"r1"}, 24h);
    on.runner->assign(all_of(check));
    on.runner->assign(all_of(check));
    on.runner->run_now("edge");
    CHECK(on.wait(1).back().duration_ms == 1);
    check.settings = R"({"size": 9})";
    on.runner->assign(all_of(check));
    on.runner->run_now("edge");
    CHECK(on.wait(2).back().duration_ms == 9);
    on.runner->assign({});
    on.runner->run_now("edge");
    on.settle();
    CHECK(on.wait(0).size() == 2);
    CHECK(on.figures.assigned.Value() == 0);
}

TEST_CASE("a probe that is not there, and what is no result, are failures of the measurement") {
    runner_rig on([](const std::string&) { return std::string("oops"); });
    auto check = scripted_check("strange", {"r1"}, 24h);
    check.max_attempts = 1;
    auto missing = scripted_check("missing", {"r1"}, 24h);
    missing.probe = "carrier_pigeon";
    missing.max_attempts = 1;
    auto all = all_of(check);
    all.push_back(all_of(missing).front());
    on.runner->assign(std::move(all));
    on.runner->run_now("strange");
    const auto first = on.wait(1);
    REQUIRE(first.front().failed);
    CHECK(first.front().failed->code() == "invalid_result");
    on.runner->run_now("missing");
    const auto both = on.wait(2);
    REQUIRE(both.back().failed);
    CHECK(both.back().failed->code() == "plugin_not_found");
}

TEST_CASE("no more than the limit run at once, and the rest follows") {
    probes::runner_options limits;
    limits.most_running = 2;
    runner_rig on([](const std::string&) { return up; }, limits);
    on.probe->holds = true;
    on.runner->assign(all_of(scripted_check("wide", {"a", "b", "c", "d"}, 24h)));
    on.runner->run_now("wide");
    on.probe->wait_held(2);
    on.settle();
    CHECK(on.figures.running.Value() == 2);
    on.probe->release();
    CHECK(on.wait(4).size() == 4);
}

TEST_CASE("a tick that finds the measurement before it under way is missed, and none is begun beside it") {
    runner_rig on([](const std::string&) { return up; });
    on.probe->holds = true;
    on.runner->assign(all_of(scripted_check("slow", {"r1"}, 24h)));
    on.runner->run_now("slow");
    on.probe->wait_held(1);
    on.runner->run_now("slow");
    on.settle();
    CHECK(on.figures.running.Value() == 1);
    on.probe->release();
    CHECK(on.wait(1).size() == 1);
}

TEST_CASE("the time limit is the check's") {
    runner_rig on([](const std::string&) { return up; });
    auto check = scripted_check("edge", {"r1"}, 24h);
    check.timeout = 7s;
    on.runner->assign(all_of(check));
    const auto before = base::system_clock().steady_now();
    on.runner->run_now("edge");
    (void)on.wait(1);
    const auto after = base::system_clock().steady_now();
    REQUIRE(on.probe->deadlines.size() == 1);
    CHECK(on.probe->deadlines[0] >= before + 7s);
    CHECK(on.probe->deadlines[0] <= after + 7s);
}

TEST_CASE("assignments find their way to another node and mean the same there") {
    auto check = scripted_check("edge", {"r1", "r2"}, 10s);
    check.settings = R"({"count": 5})";
    check.origin = "file";
    const auto here = all_of(check);
    std::vector<error> refused;
    auto told = probes::to_json(here);
    const auto there = probes::assignments_from_json(told, refused);
    REQUIRE(there);
    CHECK(refused.empty());
    REQUIRE(there->size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK((*there)[i].target == here[i].target);
        CHECK((*there)[i].input == here[i].input);
        CHECK((*there)[i].revision == here[i].revision);
    }
    auto anchors = told[0];
    anchors["check"]["name"] = "@anchors0";
    const auto own = probes::assignments_from_json(base::json::array({anchors}), refused);
    REQUIRE(own);
    CHECK(refused.empty());
    CHECK(own->front().definition->name == "@anchors0");
    told.push_back({{"check", {{"name", "newer"}, {"interval", "beyond this version"}}}, {"targets", {"x"}}});
    const auto older = probes::assignments_from_json(told, refused);
    REQUIRE(older);
    CHECK(older->size() == 2);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].message().find("check newer") == 0);
    CHECK_FALSE(probes::assignments_from_json(base::json("no list"), refused));
}

TEST_CASE("a node measures what a newer controller assigns, whatever that has learnt to say of a check") {
    auto check = scripted_check("edge", {"r1"}, 10s);
    check.thresholds["rtt_ms"].critical = 100;
    const auto here = all_of(check);
    auto told = probes::to_json(here);
    told[0]["beyond"] = true;
    auto& body = told[0]["check"];
    body["beyond"] = {{"this", "version"}};
    body["targets"][0]["beyond"] = 1;
    body["flapping"]["beyond"] = 1;
    body["thresholds"]["rtt_ms"]["beyond"] = 1;
    std::vector<error> refused;
    const auto there = probes::assignments_from_json(told, refused);
    REQUIRE(there);
    CHECK(refused.empty());
    REQUIRE(there->size() == 1);
    CHECK(there->front().revision == here.front().revision);
    CHECK(there->front().definition->thresholds == check.thresholds);
}

TEST_CASE("a node is not told what is the controller's business alone") {
    auto check = scripted_check("edge", {"r1"}, 10s);
    check.tags["team"] = "core";
    check.agreement.agree = 2;
    const auto told = probes::to_json(all_of(check));
    for (const auto* key : {"nodes", "quorum", "maintenance", "depends_on", "labels", "origin"}) {
        INFO(key);
        CHECK_FALSE(told[0]["check"].contains(key));
    }
    check.agreement.agree = 1;
    CHECK(all_of(check).front().revision == all_of(scripted_check("edge", {"r1"}, 10s)).front().revision);
}

TEST_CASE("a target that is assigned twice is measured once, and one that the check does not have not at all") {
    auto told = probes::to_json(all_of(scripted_check("edge", {"r1", "r2"}, 10s)));
    told[0]["targets"] = {"r2", "r2", "r3", 7};
    std::vector<error> refused;
    const auto read = probes::assignments_from_json(told, refused);
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    REQUIRE(read->front().definition);
    CHECK(read->front().target == "r2");
}
