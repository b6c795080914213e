#include "probes/service_rig.hpp"

#include "model/check_json.hpp"

using namespace ferrule;
using namespace test;

TEST_CASE("definitions by REST are kept sealed, and the file's are read-only") {
    place at;
    auto check = edge();
    check.name = "made";
    check.settings = R"({"count":3,"password":"geheim"})";
    {
        service_rig on(at.path, at.clock, {edge()});
        const auto made = on.wait(on.book->put(check));
        REQUIRE(made);
        CHECK(*made);
        CHECK(on.service->assignments_for("local").size() == 2);
        auto again = on.wait(on.book->put(check, true));
        REQUIRE_FALSE(again);
        CHECK(again.error().code() == "name_taken");
        auto file = on.wait(on.book->put(edge()));
        REQUIRE_FALSE(file);
        CHECK(file.error().code() == "read_only");
        const auto row = on.wait(on.kept->get("checks", "made"));
        REQUIRE(row);
        CHECK((*row)->value.starts_with("sealed "));
        on.killed = true;
    }
    service_rig again(at.path, at.clock, {edge()});
    REQUIRE(again.book->find("made").definition);
    CHECK(*again.book->find("made").definition == check);
    REQUIRE(again.wait(again.book->remove("made")));
    CHECK(again.service->assignments_for("local").size() == 1);
    const auto gone = again.service->state("made");
    REQUIRE_FALSE(gone);
    CHECK(gone.error().message() == "there is no check \"made\"");
}

TEST_CASE("settings that the probe does not take and ways that lead back are refused with their place") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    const auto refusal = [&on](const model::check& wanted) {
        const auto made = on.wait(on.book->put(wanted));
        REQUIRE_FALSE(made);
        return made.error().message();
    };
    auto check = edge();
    check.name = "made";
    check.settings = R"({"cuont": 3})";
    CHECK(refusal(check) == "settings.cuont: unknown key; did you mean \"count\"?");
    check.settings = R"({"count": 30})";
    CHECK(refusal(check) == "settings.count: must be at most 9; found 30");
    check.settings = "";
    check.targets[0].settings = R"({"count": "x"})";
    CHECK(refusal(check).starts_with("targets[0].settings.count: "));
    check.targets[0].settings = "";
    check.probe = "pigeon";
    CHECK(refusal(check) == "probe: there is no probe \"pigeon\"");
    check.probe = "scripted";
    check.depends_on = {{"nobody", ""}};
    CHECK(refusal(check).find("nobody") != std::string::npos);
    check.depends_on.clear();
    REQUIRE(on.wait(on.book->put(check)));
    auto child = edge();
    child.name = "child";
    child.depends_on = {{"made", ""}};
    REQUIRE(on.wait(on.book->put(child)));
    check.depends_on = {{"child", ""}};
    CHECK(refusal(check).find("depends_on") == 0);
    const auto removed = on.wait(on.book->remove("made"));
    REQUIRE_FALSE(removed);
    CHECK(removed.error().message() == "on the check \"made\" depend child");
}

TEST_CASE("a child whose parent is down is unreachable, and nobody is called about it") {
    place at;
    auto parent = edge();
    parent.name = "uplink";
    parent.max_attempts = 1;
    auto child = edge();
    child.max_attempts = 1;
    child.depends_on = {{"uplink", ""}};
    service_rig on(at.path, at.clock, {parent, child});
    on.measure("uplink", "r1", true);
    on.measure("edge", "r1", true);
    at.clock.ms += 10'000;
    on.measure("uplink", "r1", false);
    on.measure("edge", "r1", false);
    CHECK(on.service->summary("uplink") == model::health::critical);
    CHECK(on.state("edge")["targets"][0]["locations"][0]["state"] == "unreachable");
    CHECK(on.state("edge")["targets"][0]["parents_up"] == false);
    CHECK(on.service->summary("edge") != model::health::critical);
}

TEST_CASE("an announced window silences, survives a restart and can be taken back") {
    place at;
    {
        service_rig on(at.path, at.clock, {edge()});
        model::maintenance_window window;
        window.name = "move";
        window.when = model::fixed_window{at.clock.wall_now(), at.clock.wall_now() + 1h};
        REQUIRE(on.wait(on.service->announce("edge", window)));
        on.killed = true;
    }
    service_rig on(at.path, at.clock, {edge()});
    CHECK(on.state("edge")["windows"][0]["name"] == "move");
    CHECK(on.state("edge")["targets"][0]["maintenance"] == true);
    on.measure("edge", "r1", false);
    probes::figures_query wanted;
    wanted.check = "edge";
    const auto figures = on.wait(on.service->figures(wanted));
    REQUIRE(figures);
    CHECK((*figures)["items"][0]["excused"] == 1);
    at.clock.ms += 3'600'000;
    CHECK(on.state("edge")["windows"].empty()); // it is over
    at.clock.ms -= 3'600'000;
    REQUIRE(on.wait(on.service->withdraw("edge", "move")));
    CHECK(on.state("edge")["targets"][0]["maintenance"] == false);
    const auto twice = on.wait(on.service->withdraw("edge", "move"));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code() == "window_not_found");
}

TEST_CASE("a problem can be acknowledged, which outlives a restart and ends with the problem") {
    place at;
    auto check = edge();
    check.max_attempts = 1;
    {
        service_rig on(at.path, at.clock, {check});
        probes::acknowledgement said;
        said.by = "ann";
        said.comment = "on my way";
        const auto early = on.wait(on.service->acknowledge("edge", "", said));
        REQUIRE_FALSE(early);
        CHECK(early.error().code() == "no_problem");
        on.measure("edge", "r1", false);
        REQUIRE(on.wait(on.service->acknowledge("edge", "r1", said)));
        on.killed = true;
    }
    service_rig on(at.path, at.clock, {check});
    CHECK(on.state("edge")["targets"][0]["acknowledged"]["by"] == "ann");
    at.clock.ms += 10'000;
    on.measure("edge", "r1", true);
    CHECK(on.state("edge")["targets"][0]["acknowledged"].is_null());
}

TEST_CASE("series have a limit, and those of a check that is gone go with it") {
    place at;
    probes::check_options wanted;
    wanted.most_series = 1;
    auto wide = edge();
    wide.name = "wide";
    wide.targets = scripted_check("", {"a", "b", "c"}, 1s).targets;
    service_rig on(at.path, at.clock, {edge()}, {"local"}, wanted);
    REQUIRE(on.wait(on.book->put(wide)));
    for (const auto* target : {"a", "b", "c"})
        on.measure("wide", target, true);
    CHECK(of(on.registry, "ferrule_check_series_left_out") == 2);
    REQUIRE(on.wait(on.book->remove("wide")));
    CHECK(of(on.registry, "ferrule_check_series_left_out") == 0);
}

TEST_CASE("a run can be asked for at each place, unless the check is not enabled") {
    place at;
    auto off = edge();
    off.name = "off";
    off.enabled = false;
    service_rig on(at.path, at.clock, {edge(), off}, {"ams", "fra"});
    texts asked;
    on.service->on_run([&asked](const std::string& node, const std::string& check, const std::string& target) {
        asked.push_back(node + " " + check + " " + target);
    });
    const auto places = on.service->run_now("edge");
    REQUIRE(places);
    CHECK(asked == texts{"ams edge r1", "fra edge r1"});
    CHECK(on.service->run_now("edge", "r7").error().code() == "target_not_found");
    CHECK(on.service->run_now("off").error().code() == "check_disabled");
    CHECK(on.service->run_now("none").error().code() == "check_not_found");
    CHECK(on.service->assignments_for("ams").size() == 1);
}

TEST_CASE("a change of a check leaves the states of its targets among the metrics") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    const auto states = [&on] {
        std::map<std::string, double> shown;
        for (const auto& family : on.registry.Collect())
            if (family.name == "ferrule_check_state")
                for (const auto& each : family.metric)
                    if (each.label.at(0).value == "made")
                        shown[each.label.at(1).value] = each.gauge.value;
        return shown;
    };
    auto check = scripted_check("made", {"r1", "r2"}, 10s);
    REQUIRE(on.wait(on.book->put(check)));
    followed told(on);
    on.measure("made", "r1", true);
    CHECK(told.next(2) == texts{"local/hard:pending>ok", "hard:pending>ok"});
    check.targets.pop_back();
    REQUIRE(on.wait(on.book->put(check)));
    CHECK(states() == std::map<std::string, double>{{"r1", 0}});
    check.enabled = false;
    REQUIRE(on.wait(on.book->put(check)));
    CHECK(states() == std::map<std::string, double>{{"r1", 5}});
}

TEST_CASE("announced windows that are over make room, and there is a limit to those that are not") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    const auto announce = [&on](int number) {
        model::maintenance_window window;
        window.name = "w" + std::to_string(number);
        const auto now = on.time.wall_now();
        window.when = model::fixed_window{now, now + 1h};
        return on.wait(on.service->announce("edge", window));
    };
    for (int i = 0; i < 100; ++i)
        REQUIRE(announce(i));
    CHECK(announce(0));
    const auto more = announce(100);
    REQUIRE_FALSE(more);
    CHECK(more.error().message().find("100 windows are announced") != std::string::npos);
    on.time.ms += 3'600'000;
    CHECK(announce(100));
    on.time.ms -= 3'600'000; // where those that were dropped would not be over
    CHECK(on.state("edge")["windows"].size() == 1);
}
