#include "probes/service_rig.hpp"
#include "support/file_size_limit.hpp"

#include "model/check_json.hpp"

using namespace ferrule;
using namespace test;

namespace {

/// Each location is cut off when it misses its gateway.
probes::check_options anchored() {
    probes::check_options wanted;
    auto& anchor = wanted.anchors.emplace_back();
    anchor.probe = "scripted";
    anchor.targets.emplace_back().host = "gateway";
    return wanted;
}

} // namespace

TEST_CASE("a target that goes down and comes back is told soft, hard and well again, in order") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    followed events(on);
    on.measure("edge", "r1", true);
    CHECK(events.next(2) == texts{"local/hard:pending>ok", "hard:pending>ok"});
    at.clock.ms += 10'000;
    on.measure("edge", "r1", false);
    CHECK(events.next(1) == texts{"local/soft:ok>critical"});
    at.clock.ms += 3'000;
    on.measure("edge", "r1", false);
    CHECK(events.next(2) == texts{"local/hard:ok>critical", "hard:ok>critical"});
    const auto shown = on.state("edge");
    CHECK(shown["state"] == "critical");
    CHECK(shown["targets"][0]["locations"][0]["last"]["reason"] == "nobody is there");
    CHECK(shown["targets"][0]["votes"]["agreeing"] == 1);
    at.clock.ms += 7'000;
    on.measure("edge", "r1", true);
    CHECK(events.next(2) == texts{"local/hard:critical>ok", "hard:critical>ok"});
    CHECK(on.service->summary("edge") == model::health::ok);
}

TEST_CASE("a process that is killed has lost nothing that it told, and what was written brings back the rest") {
    place at;
    {
        service_rig on(at.path, at.clock, {edge()});
        followed events(on);
        on.measure("edge", "r1", true);
        (void)events.next(2);
        for (int i = 0; i < 2; ++i) {
            at.clock.ms += 10'000;
            on.measure("edge", "r1", false);
        }
        (void)events.next(3); // told, so durable
        on.settle();
        on.killed = true;
    }
    service_rig again(at.path, at.clock, {edge()});
    CHECK(again.state("edge")["targets"][0]["state"] == "critical");
    CHECK(again.state("edge")["targets"][0]["locations"][0]["attempt"] == 2);
    probes::figures_query wanted;
    wanted.check = "edge";
    const auto figures = again.wait(again.service->figures(wanted));
    REQUIRE(figures);
    REQUIRE((*figures)["items"].size() == 1);
    CHECK((*figures)["items"][0]["count"] == 3);
    CHECK((*figures)["items"][0]["ok"] == 1);
    followed events(again);
    at.clock.ms += 10'000;
    again.measure("edge", "r1", true);
    CHECK(events.next(2) == texts{"local/hard:critical>ok", "hard:critical>ok"});
}

TEST_CASE("results that were kept before their state was are judged after the restart, and told then") {
    place at;
    {
        service_rig on(at.path, at.clock, {edge()});
        on.measure("edge", "r1", true);
        on.settle();
    }
    {
        // As if the process had ended between the two: the samples are there, the states are those from before.
        service_rig on(at.path, at.clock, {edge()});
        probes::check_records records(*on.kept, {});
        std::vector<store::record> all;
        std::vector<std::string> samples;
        for (int i = 0; i < 2; ++i) {
            at.clock.ms += 5'000;
            model::sample one;
            one.check = "edge";
            one.target = "r1";
            one.node = "local";
            one.at = at.clock.wall_now();
            one.reason = "nobody is there";
            samples.push_back(base::dump(model::to_json(one)));
        }
        records.put_samples("edge", at.clock.ms + 1, samples, all);
        REQUIRE(on.wait(records.write(std::move(all))));
        on.killed = true;
    }
    service_rig again(at.path, at.clock, {edge()});
    CHECK(again.state("edge")["state"] == "critical");
}

TEST_CASE("an orderly restart goes on with figures, results and hours") {
    place at;
    {
        service_rig on(at.path, at.clock, {edge()});
        for (int i = 0; i < 200; ++i) { // over an hour's edge
            on.measure("edge", "r1", i % 10 != 0, "local", 1 + i % 5, 10, i % 4);
            at.clock.ms += 30'000;
        }
    }
    service_rig again(at.path, at.clock, {edge()});
    probes::figures_query wanted;
    wanted.check = "edge";
    wanted.by_location = true;
    const auto figures = again.wait(again.service->figures(wanted));
    REQUIRE(figures);
    const auto& item = (*figures)["items"][0];
    CHECK(item["location"] == "local");
    CHECK(item["count"] == 200);
    CHECK(item["ok"] == 180);
    CHECK(item["availability"] == Approx(0.9));
    CHECK(item["latency"]["max_ms"] == 5);
    CHECK(item["packets_sent"] == 2000);
    CHECK(item["packets_lost"] == 300);
    CHECK(item["loss_ratio"] == 0.15);
    // Long after, memory has forgotten what the disk has.
    at.clock.ms += 6 * 3'600'000;
    const auto later = again.wait(again.service->figures(wanted));
    REQUIRE(later);
    CHECK((*later)["items"][0]["count"] == 200);
    CHECK((*later)["items"][0]["packets_lost"] == 300);
    wanted.window = 1h;
    const auto none = again.wait(again.service->figures(wanted));
    REQUIRE(none);
    CHECK((*none)["items"][0]["count"] == 0);
}

TEST_CASE("a page of results goes on where the one before ended, the newest first") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    for (int i = 0; i < 25; ++i) {
        on.measure("edge", "r1", true, "local", i);
        at.clock.ms += 1'000;
        if (i % 7 == 0)
            on.settle();
    }
    probes::result_query wanted;
    wanted.check = "edge";
    wanted.limit = 10;
    std::vector<double> seen;
    for (int page = 0; page < 3; ++page) {
        const auto got = on.wait(on.service->results(wanted));
        REQUIRE(got);
        for (const auto& each : got->items)
            seen.push_back(each["duration_ms"]);
        CHECK(got->next.has_value() == (page < 2));
        wanted.cursor = got->next.value_or("");
    }
    REQUIRE(seen.size() == 25);
    for (std::size_t i = 0; i < seen.size(); ++i)
        CHECK(seen[i] == 24 - static_cast<double>(i));
    wanted.cursor = "nonsense";
    const auto bad = on.wait(on.service->results(wanted));
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code() == "invalid_parameter");
}

TEST_CASE("results can be read though nothing can be written") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    for (int i = 0; i < 3; ++i) {
        on.measure("edge", "r1", true, "local", i);
        at.clock.ms += 10'000;
    }
    on.settle();
    const test::file_size_limit full(1);
    on.measure("edge", "r1", true, "local", 3);
    probes::result_query wanted;
    wanted.check = "edge";
    wanted.limit = 10;
    const auto got = on.wait(on.service->results(wanted));
    REQUIRE(got);
    CHECK(got->items.size() == 3);
}

TEST_CASE("a burst's round trips and losses reach events, state, results, figures and metrics") {
    place at;
    service_rig on(at.path, at.clock, {edge()}, {"local", "far"});
    auto heard =
        on.bus.subscribe(on.loop.get_executor(), [](const auto& each) { return each.topic == "check.sample"; });
    model::sample burst;
    burst.check = "edge";
    burst.target = "r1";
    burst.at = at.clock.wall_now();
    burst.lag = 250ms;
    burst.success = true;
    burst.rtts_ms = {1.5, std::nullopt, 2.5, std::nullopt};
    burst.metrics = {{"packets_sent", 4}, {"packets_lost", 1}, {"packets_lost_local", 1}};
    on.service->take("far", {burst});
    const json rtts{1.5, nullptr, 2.5, nullptr};
    const auto events = on.wait(heard->next(base::system_clock().steady_now() + 60s));
    REQUIRE(events.size() == 1);
    CHECK(json::parse(events.front()->data)["rtts_ms"] == rtts);
    const auto shown = on.state("edge");
    for (const auto& each : shown["targets"][0]["locations"])
        if (each["location"] == "far")
            CHECK(each["last"]["rtts_ms"] == rtts);
    probes::result_query wanted;
    wanted.check = "edge";
    const auto kept = on.wait(on.service->results(wanted));
    REQUIRE(kept);
    REQUIRE(kept->items.size() == 1);
    CHECK(kept->items[0]["rtts_ms"] == rtts);
    probes::figures_query all;
    all.check = "edge";
    all.by_location = true;
    const auto told = on.wait(on.service->figures(all));
    REQUIRE(told);
    const auto& far = (*told)["items"].back();
    CHECK(far["location"] == "far");
    CHECK(far["packets_sent"] == 4);
    CHECK(far["packets_lost"] == 1);
    CHECK(far["loss_ratio"].get<double>() == Approx(1.0 / 3));
    CHECK(of(on.registry, "ferrule_check_packets_sent_total") == 4);
    CHECK(of(on.registry, "ferrule_check_packets_lost_total") == 1);
    for (const auto& family : on.registry.Collect())
        if (family.name == "ferrule_check_location_lag_seconds") {
            REQUIRE(family.metric.size() == 1);
            CHECK(family.metric[0].label[0].value == "far");
            CHECK(family.metric[0].histogram.sample_sum == 0.25);
        }
}

TEST_CASE("what comes twice counts once, and what nobody was to measure does not count") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    on.measure("edge", "r1", true);
    on.measure("edge", "r1", true); // the same time: a delivery that was repeated
    on.measure("edge", "r9", true);
    on.measure("other", "r1", true);
    on.measure("edge", "r1", true, "elsewhere");
    probes::figures_query wanted;
    wanted.check = "edge";
    const auto figures = on.wait(on.service->figures(wanted));
    REQUIRE(figures);
    CHECK((*figures)["items"][0]["count"] == 1);
    CHECK(of(on.registry, "ferrule_check_samples_refused_total") == 4);
}

TEST_CASE("a delivery is acknowledged once it is on disk") {
    place at;
    service_rig on(at.path, at.clock, {edge()});
    std::atomic<bool> durable = false;
    on.service->take("local", {}, [&] { durable = true; });
    CHECK_FALSE(durable);
    on.settle();
    CHECK(durable);
}

TEST_CASE("what finds no room is judged, stays with its agent, and is kept when it comes again") {
    place at;
    auto check = edge();
    check.max_attempts = 1;
    probes::check_options wanted;
    wanted.most_unwritten = 2'000;
    service_rig on(at.path, at.clock, {check}, {"local"}, wanted);
    std::promise<void> standing;
    std::promise<void> go_on;
    asio::post(on.loop.get_executor(), [&] { // nothing is written meanwhile
        standing.set_value();
        go_on.get_future().wait();
    });
    standing.get_future().wait();
    for (int i = 0; i < 10; ++i) {
        at.clock.ms += 10'000;
        on.measure("edge", "r1", true);
    }
    at.clock.ms += 10'000;
    model::sample last;
    last.check = "edge";
    last.target = "r1";
    last.at = at.clock.wall_now();
    last.reason = "nobody is there";
    std::atomic<int> acknowledged = 0;
    on.service->take("local", {last}, [&] { ++acknowledged; });
    const bool judged = on.state("edge")["targets"][0]["state"] == "critical";
    go_on.set_value();
    on.settle();
    CHECK(judged);
    CHECK(acknowledged == 0);
    on.service->take("local", {last}, [&] { ++acknowledged; });
    on.service->take("local", {last}, [&] { ++acknowledged; }); // kept once
    on.settle();
    CHECK(acknowledged == 2);
    probes::result_query asked;
    asked.check = "edge";
    asked.limit = 100;
    const auto kept = on.wait(on.service->results(asked));
    REQUIRE(kept);
    const auto down = std::count_if(kept->items.begin(), kept->items.end(),
                                    [](const auto& each) { return each["success"] == false; });
    CHECK(down == 1);
    probes::figures_query all;
    all.check = "edge";
    const auto figures = on.wait(on.service->figures(all));
    REQUIRE(figures);
    CHECK((*figures)["items"][0]["count"] == 11);
}

TEST_CASE("two of three locations must agree, and one that is cut off from its anchors does not vote") {
    place at;
    auto check = edge();
    check.max_attempts = 1;
    service_rig on(at.path, at.clock, {check}, {"ams", "fra", "sin"}, anchored());
    const auto work = on.service->assignments_for("ams");
    REQUIRE(work.size() == 2);
    CHECK(work[0].target == "r1");
    CHECK(work[1].definition->name == "@anchors0");
    for (const auto* node : {"ams", "fra", "sin"}) {
        on.measure("@anchors0", "gateway", true, node);
        on.measure("edge", "r1", true, node);
    }
    at.clock.ms += 10'000;
    on.measure("edge", "r1", false, "ams");
    CHECK(on.state("edge")["state"] == "ok");
    on.measure("@anchors0", "gateway", false, "fra");
    at.clock.ms += 2'000;
    on.measure("@anchors0", "gateway", false, "fra");
    on.measure("edge", "r1", false, "fra"); // it sees nothing at all
    const auto shown = on.state("edge");
    CHECK(shown["targets"][0]["locations"][1]["connected"] == false);
    CHECK(shown["state"] != "critical");
    on.measure("edge", "r1", false, "sin");
    CHECK(on.state("edge")["state"] == "critical");
}

TEST_CASE("a location that reaches its anchors again votes with what it measures from then on") {
    place at;
    auto check = edge();
    check.max_attempts = 1;
    check.agreement.agree = 1;
    service_rig on(at.path, at.clock, {check}, {"ams", "fra"}, anchored());
    for (const auto* node : {"ams", "fra"}) {
        on.measure("@anchors0", "gateway", true, node);
        on.measure("edge", "r1", true, node);
    }
    for (int tries = 0; tries < 2; ++tries) {
        at.clock.ms += 1'000;
        on.measure("@anchors0", "gateway", false, "fra");
    }
    at.clock.ms += 1'000;
    on.measure("edge", "r1", false, "fra");
    CHECK(on.state("edge")["state"] == "ok");
    at.clock.ms += 1'000;
    on.measure("@anchors0", "gateway", true, "fra");
    const auto back = on.state("edge")["targets"][0];
    CHECK(back["locations"][1]["connected"] == true);
    CHECK(back["locations"][1]["state"] == "critical");
    CHECK(back["votes"]["voters"] == 1);
    CHECK(back["state"] == "ok");
    at.clock.ms += 1'000;
    on.measure("edge", "r1", false, "fra");
    CHECK(on.state("edge")["state"] == "critical");
}
