// The small rules: judging, maintenance, dependencies, choice of nodes.
#include "probes/judge.hpp"
#include "probes/maintenance.hpp"
#include "probes/node_choice.hpp"
#include "probes/reachability.hpp"
#include "probes/rollup.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace ferrule;
using namespace std::chrono_literals;
using model::health;

namespace {

base::wall_time time_of(const char* text) {
    return base::parse_rfc3339(text).value();
}

model::sample sample_with(double loss) {
    model::sample made;
    made.success = true;
    made.duration_ms = 12;
    made.metrics["loss_percent"] = loss;
    made.phases_ms["connect"] = 4;
    return made;
}

} // namespace

TEST_CASE("a sample is judged by the worst of its limits, and reaching one is enough") {
    model::check of;
    of.thresholds["loss_percent"] = {10, 50, false};
    of.thresholds["phases_ms.connect"] = {5, std::nullopt, false};
    CHECK(probes::judge(of, sample_with(9.9)).state == health::ok);
    CHECK(probes::judge(of, sample_with(9.9)).reason.empty());
    CHECK(probes::judge(of, sample_with(10)).reason == "loss_percent is 10, the limit for warning is at least 10");
    CHECK(probes::judge(of, sample_with(50)).state == health::critical);
    of.thresholds["duration_ms"] = {20, 12, true};
    CHECK(probes::judge(of, sample_with(0)).reason == "duration_ms is 12, the limit for critical is at most 12");
    of.thresholds = {{"days_left", {20, 5, true}}};
    CHECK(probes::judge(of, sample_with(0)).state == health::unknown);
    CHECK(probes::judge(of, sample_with(0)).reason == "the probe did not measure days_left, which has limits");
}

TEST_CASE("a probe that failed is critical, one that could not be made says nothing about the target") {
    const model::check of;
    auto from = sample_with(0);
    from.success = false;
    from.reason = "connection refused";
    CHECK(probes::judge(of, from).state == health::critical);
    CHECK(probes::judge(of, from).reason == "connection refused");
    const auto down = probes::judge(of, from);
    CHECK(probes::measure(of, from, down, false).what == probes::outcome::down);
    CHECK(probes::measure(of, from, down, true).what == probes::outcome::excused);
    CHECK_FALSE(probes::measure(of, from, down, false).latency_ms);
    from.failed = error("not_permitted", "no socket");
    CHECK(probes::judge(of, from).state == health::unknown);
    CHECK(probes::measure(of, from, probes::judge(of, from), true).what == probes::outcome::unknown);
    CHECK(probes::measure(of, sample_with(0), {health::warning, ""}, true).what == probes::outcome::up);
    CHECK(probes::measure(of, sample_with(0), {health::ok, ""}, false).latency_ms == 12);
}

TEST_CASE("packets are counted as the probe tells them, and what cannot be a count is none") {
    const model::check of;
    auto from = sample_with(0);
    const auto measured = [&] { return probes::measure(of, from, probes::judge(of, from), false); };
    CHECK(measured().packets_sent == 0);
    from.metrics["packets_sent"] = 10;
    from.metrics["packets_lost"] = 3;
    from.metrics["packets_lost_local"] = 1;
    CHECK(measured().packets_sent == 10);
    CHECK(measured().packets_lost == 3);
    CHECK(measured().packets_lost_local == 1);
    for (const double lost : {-1.0, 9.5, 1e300}) {
        from.metrics["packets_lost"] = lost;
        CHECK(measured().packets_sent == 0);
        CHECK(measured().packets_lost == 0);
    }
    from.metrics["packets_lost"] = 0;
    from.metrics["packets_sent"] = 1e10;
    CHECK(measured().packets_sent == 0);
}

TEST_CASE("fixed windows hold from their beginning until just before their end") {
    const std::vector<model::maintenance_window> windows{
        {"", model::fixed_window{time_of("2026-05-01T10:00:00Z"), time_of("2026-05-01T12:00:00Z")}}};
    CHECK_FALSE(probes::in_maintenance(windows, time_of("2026-05-01T09:59:59.999Z")));
    CHECK(probes::in_maintenance(windows, time_of("2026-05-01T10:00:00Z")));
    CHECK_FALSE(probes::in_maintenance(windows, time_of("2026-05-01T12:00:00Z")));
    CHECK(probes::next_edge(windows, time_of("2026-05-01T10:00:00Z")) == time_of("2026-05-01T12:00:00Z"));
    CHECK_FALSE(probes::next_edge(windows, time_of("2026-05-01T12:00:00Z")));
}

TEST_CASE("weekly windows follow their days at their offset, across midnight as well") {
    model::weekly_window weekly;
    weekly.days.at(6) = true; // Saturday
    weekly.start = 23h;
    weekly.length = 3h;
    weekly.utc_offset = 8h;
    const std::vector<model::maintenance_window> windows{{"", weekly}};
    // Saturday, 2 May 2026, 23:00 at +08:00.
    CHECK_FALSE(probes::in_maintenance(windows, time_of("2026-05-02T14:59:59.999Z")));
    CHECK(probes::in_maintenance(windows, time_of("2026-05-02T15:00:00Z")));
    CHECK(probes::in_maintenance(windows, time_of("2026-05-02T17:59:59.999Z"))); // Sunday there
    CHECK_FALSE(probes::in_maintenance(windows, time_of("2026-05-02T18:00:00Z")));
    CHECK(probes::next_edge(windows, time_of("2026-05-02T18:00:00Z")) == time_of("2026-05-09T15:00:00Z"));
    CHECK(probes::next_edge(windows, time_of("2026-05-02T15:00:00Z")) == time_of("2026-05-02T18:00:00Z"));
    weekly.length = std::chrono::days(7);
    const std::vector<model::maintenance_window> always{{"", weekly}};
    for (auto at = time_of("2026-05-01T00:00:00Z"); at < time_of("2026-05-20T00:00:00Z"); at += 61min)
        REQUIRE(probes::in_maintenance(always, at));
}

TEST_CASE("a child is unreachable when a parent is down, which it is with all its targets") {
    std::map<std::string, health> states{{"edge/a", health::critical}, {"edge/b", health::ok}};
    const auto reachable = [&](std::vector<model::dependency> parents) {
        return probes::is_reachable(
            parents,
            [&](const auto& check, const auto& target) {
                const auto at = states.find(check + "/" + target);
                return at == states.end() ? health::pending : at->second;
            },
            [&](const auto& check) {
                return check == "edge" ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{};
            });
    };
    CHECK(reachable({}));
    CHECK(reachable({{"edge", ""}}));
    CHECK_FALSE(reachable({{"edge", "a"}}));
    CHECK(reachable({{"edge", "b"}, {"gone", ""}, {"gone", "x"}}));
    CHECK_FALSE(reachable({{"edge", "b"}, {"edge", "a"}}));
    states["edge/b"] = health::unreachable;
    CHECK_FALSE(reachable({{"edge", ""}}));
    states["edge/b"] = health::unknown;
    CHECK(reachable({{"edge", ""}}));
}

TEST_CASE("nodes are chosen by name, region and label, and K of them evenly, moving little when one goes") {
    std::vector<model::node_info> nodes(10);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].name = "n" + std::to_string(i);
        nodes[i].region = i % 2 == 0 ? "eu" : "us";
        nodes[i].tags["site"] = i < 5 ? "north" : "south";
    }
    const auto choose = [&](const model::node_filter& filter, const std::string& target = "t") {
        std::set<std::string> names;
        for (const auto i : probes::choose_nodes(filter, "web", target, nodes))
            names.insert(nodes[i].name);
        return names;
    };
    CHECK(choose({}).size() == 10);
    CHECK(choose({{{"n1", "n2", "zz"}, {}, {}}, {}}) == std::set<std::string>{"n1", "n2"});
    CHECK(choose({{{"n1", "n2"}, "eu", {}}, {}}) == std::set<std::string>{"n2"});
    CHECK(choose({{{}, "us", {{"site", "north"}}}, {}}) == std::set<std::string>{"n1", "n3"});
    CHECK(choose({{{}, "mars", {}}, {}}).empty());
    CHECK(choose({{{}, {}, {{"region", "eu"}}}, {}}).empty()); // a region is no label
    CHECK(choose({{}, 20}).size() == 10);
    const model::node_filter three{{}, 3};
    std::map<std::string, std::set<std::string>> before;
    std::map<std::string, int> load;
    for (int i = 0; i < 1000; ++i) {
        const auto target = "10.0.0." + std::to_string(i);
        before[target] = choose(three, target);
        REQUIRE(before[target].size() == 3);
        for (const auto& name : before[target])
            ++load[name];
    }
    for (const auto& [name, count] : load)
        CHECK(std::abs(count - 300) < 75);
    nodes.erase(nodes.begin() + 4);
    for (const auto& [target, names] : before) {
        const auto after = choose(three, target);
        for (const auto& name : names)
            REQUIRE((name == "n4" || after.contains(name)));
    }
}
