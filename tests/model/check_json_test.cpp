#include "model/check_json.hpp"

#include "base/json.hpp"
#include "model/check_rules.hpp"
#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using base::json;

namespace {

json parsed(std::string_view text) {
    return base::parse_json(text).value();
}

std::string refused(const char* body) {
    const auto read = model::check_from_json(parsed(body));
    return read ? std::string("it was accepted") : read.error().message();
}

} // namespace

TEST_CASE("a check comes back from its JSON as it was") {
    const auto body = parsed(R"({"name":"web","probe":"http","interval":"30s","timeout":"4s","retry_interval":"5s",
        "max_attempts":2,"latency":"phases_ms.tls","enabled":false,"labels":{"team":"net"},
        "settings":{"method":"GET","tls":{"verify":true}},
        "targets":[{"url":"https://example.net/"},{"name":"v6","host":"2001:db8::1","port":443,
                    "settings":{"method":"HEAD"},"labels":{"a":"b"}}],
        "nodes":{"names":["ams","fra","sin"],"region":"eu","labels":{"site":"north"},"count":3},
        "quorum":{"agree":2,"voters":2,"vote_lifetime":"2m"},
        "thresholds":{"duration_ms":{"warning":200,"critical":900.5},"cert_days":{"warning":21,"below":true}},
        "flapping":{"enabled":false,"high":40,"low":20},
        "depends_on":[{"check":"edge","target":"a"},{"check":"dns"}],
        "maintenance":[{"name":"move","from":"2026-05-01T10:00:00.000Z","until":"2026-05-01T12:00:00.000Z"},
                       {"days":["sat","sun"],"start":"02:30","duration":"2h","utc_offset":"-03:30"}]})");
    const auto read = model::check_from_json(body);
    REQUIRE(read);
    CHECK(read->interval == 30s);
    CHECK(read->thresholds.at("cert_days").below);
    CHECK(std::get<model::weekly_window>(read->maintenance[1].when).utc_offset == -210min);
    auto shown = model::to_json(*read);
    CHECK(shown["origin"] == "api");
    shown.erase("origin");
    const auto again = model::check_from_json(shown);
    REQUIRE(again);
    CHECK(*again == *read);
}

TEST_CASE("what a check leaves out has its default") {
    const auto read = model::check_from_json(parsed(R"({"name":"p","probe":"icmp","targets":[{"host":"192.0.2.1"}]})"));
    REQUIRE(read);
    CHECK(read->interval == 60s);
    CHECK(model::time_limit(*read) == 5s);
    CHECK(model::retry_delay(*read) == 15s);
    CHECK(read->max_attempts == 3);
    auto quick = *read;
    quick.interval = 1s;
    CHECK(model::time_limit(quick) == 1s);
    CHECK(model::retry_delay(quick) == 250ms);
    auto shown = model::to_json(*read);
    shown.erase("origin");
    CHECK(model::check_from_json(shown).value() == *read);
}

TEST_CASE("bad checks are refused with every fault and its place") {
    CHECK(refused("{}") == "name: must be 1 to 128 letters, digits, dots, dashes and underscores; probe: is not a "
                           "plugin's name; targets: give at least one target");
    const auto one = [](std::string_view extra) {
        return refused((R"({"name":"p","probe":"icmp","targets":[{"host":"h"}],)" + std::string(extra) + "}").c_str());
    };
    CHECK(one(R"("intervall":"5s")") == "intervall: unknown key; did you mean \"interval\"?");
    CHECK(one(R"("interval":"99ms")") == "interval: must be between 100ms and 1d");
    CHECK(
        one(R"("interval":"1s","timeout":"2s","retry_interval":"3s")") ==
        "timeout: must be between 1ms and the interval of 1s; retry_interval: must be between 1ms and the interval of "
        "1s");
    CHECK(one(R"("nodes":{"count":2},"quorum":{"agree":3})") ==
          "quorum.agree: must be between 1 and the number of locations, 2");
    CHECK(one(R"("thresholds":{"loss":{"warning":50,"critical":10}})") ==
          "thresholds.loss: critical must not be below warning; if small values are bad say so with \"below\": true");
    CHECK(one(R"("thresholds":{"loss":{"crit":1}})") ==
          "thresholds.loss.crit: unknown key; thresholds.loss: give warning, critical or both");
    CHECK(one(R"("flapping":{"high":20})") == "flapping.low: must be at least 0 and at most flapping.high");
    CHECK(one(R"("maintenance":[{"days":["someday"],"start":"25:00","duration":"1h"},
                 {"from":"2026-05-01T10:00:00Z","until":"2026-05-01T10:00:00Z"}])") ==
          "maintenance[0].days: \"someday\" is not one of sun, mon, tue, wed, thu, fri, sat; maintenance[0].start: "
          "expected a time of day such as 02:30; maintenance[0].days: give at least one day; maintenance[1].until: "
          "must be after from");
    CHECK(refused(R"({"name":"p","probe":"tcp","targets":[{"host":"a","port":1},{"host":"a","port":1},
                      {"host":"a b"},{"url":"nope"},{"host":"x","url":"http://x"},{}]})") ==
          "targets[1]: is the same as targets[0]; give it a name of its own; targets[2].host: is not a host name or "
          "address; targets[3].url: is not a URL; targets[4]: give host or url, not both; targets[5]: \"host\" is "
          "missing");
}

TEST_CASE("dependencies must exist and lead nowhere back") {
    const auto check = [](std::string name, std::vector<model::dependency> parents) {
        model::check made;
        made.name = std::move(name);
        made.targets = {{"", "h", {}, "", "", {}}};
        made.depends_on = std::move(parents);
        return made;
    };
    const std::vector<model::check> all{check("web", {{"core", ""}, {"edgee", ""}}), check("core", {{"edge", "hh"}}),
                                        check("edge", {{"web", ""}}), check("self", {{"self", ""}}),
                                        check("fine", {{"self", "h"}})};
    const model::dependency_rules rules(all);
    using faults = std::vector<model::check_fault>;
    CHECK((rules.faults_of(all[0]) ==
           faults{{"depends_on[0]", "it depends on itself: web -> core -> edge -> web"},
                  {"depends_on[1].check", "there is no check \"edgee\"; did you mean \"edge\"?"}}));
    CHECK((rules.faults_of(all[1]) ==
           faults{{"depends_on[0].target", "the check \"edge\" has no target \"hh\"; did you mean \"h\"?"},
                  {"depends_on[0]", "it depends on itself: core -> edge -> web -> core"}}));
    CHECK((rules.faults_of(all[3]) == faults{{"depends_on[0]", "it depends on itself: self -> self"}}));
    CHECK(rules.faults_of(all[4]).empty());
}

TEST_CASE("a probe is given the check's settings, the target's over them, and where it is") {
    model::check of;
    of.settings = R"({"count":3,"size":56})";
    const model::check_target at{"", "192.0.2.1", std::uint16_t{7}, "", R"({"count":10})", {}};
    CHECK(parsed(model::probe_input(of, at)) == parsed(R"({"count":10,"size":56,"host":"192.0.2.1","port":7})"));
    CHECK(model::target_name(at) == "192.0.2.1:7");
    CHECK(model::target_name({"", "2001:db8::1", std::uint16_t{7}, "", "", {}}) == "[2001:db8::1]:7");
}

TEST_CASE("a sample comes back from its JSON, and a newer version's fields are ignored") {
    model::sample made;
    made.check = "web";
    made.target = "h:1";
    made.node = "ams";
    made.at = base::wall_time(1'760'000'000'123ms);
    made.lag = 1500us;
    made.duration_ms = 3.5;
    made.reason = "refused";
    made.failed_phase = "connect";
    made.metrics["loss_percent"] = 12.5;
    made.phases_ms["connect"] = 3.25;
    made.rtts_ms = {0.125, std::nullopt, 7.0};
    made.tags["version"] = "4";
    made.failed = error("not_permitted", "no socket", true);
    auto shown = model::to_json(made);
    shown["colour"] = "blue";
    const auto read = model::sample_from_json(parsed(base::dump(shown)));
    REQUIRE(read);
    CHECK(model::to_json(*read) == model::to_json(made));
    CHECK(shown["rtts_ms"] == json::array({0.125, nullptr, 7.0}));
    CHECK(read->rtts_ms == made.rtts_ms);
    CHECK(model::metric_of(*read, "phases_ms.connect") == 3.25);
    CHECK(model::metric_of(*read, "duration_ms") == 3.5);
    CHECK_FALSE(model::metric_of(*read, "phases_ms.tls"));
    shown["metrics"]["loss_percent"] = "much";
    shown.erase("node");
    CHECK(model::sample_from_json(shown).error().message() ==
          "node: is required; metrics.loss_percent: expected a number");
}

TEST_CASE("what a probe plugin gives is taken over, or refused when it is not of the promised form") {
    model::sample into;
    REQUIRE(
        model::read_probe_result(parsed(R"({"success":true,"duration_ms":4,"metrics":{"ttl":55},"later":1})"), into));
    CHECK(into.success);
    CHECK(into.metrics.at("ttl") == 55);
    const auto bad = model::read_probe_result(parsed(R"({"duration_ms":-1,"labels":{"a":1}})"), into);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code() == "invalid_result");
    CHECK(bad.error().message() ==
          "success: is required; duration_ms: must not be negative; labels.a: expected a text");
}

TEST_CASE("round trips are taken from a probe and from an agent as they are, and no more than a burst may have") {
    const auto told = [](const json& rtts) {
        return json{{"check", "c"},    {"target", "t"},    {"node", "n"},    {"at", "2026-03-01T00:00:00Z"},
                    {"success", true}, {"duration_ms", 1}, {"rtts_ms", rtts}};
    };
    json most = json::array();
    for (std::size_t i = 0; i < model::most_round_trips; ++i)
        most.push_back(i % 2 == 0 ? json(i) : json());
    const auto read = model::sample_from_json(told(most));
    REQUIRE(read);
    CHECK(model::to_json(*read)["rtts_ms"] == most);
    model::sample into;
    REQUIRE(model::read_probe_result(told(most), into));
    CHECK(into.rtts_ms == read->rtts_ms);
    most.push_back(1);
    CHECK(model::sample_from_json(told(most)).error().message() == "rtts_ms: must not have more than 1000 entries");
    CHECK(model::sample_from_json(told({1, "fast"})).error().message() ==
          "rtts_ms[1]: expected a number that is not negative, or null");
    CHECK(model::read_probe_result(told({-1}), into).error().code() == "invalid_result");
    CHECK_FALSE(model::to_json(model::sample()).contains("rtts_ms"));
}
