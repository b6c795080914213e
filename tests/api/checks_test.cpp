#include "api/api_fixture.hpp"

#include "api/check_bodies.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <thread>

using namespace ferrule;
using namespace std::chrono_literals;
using namespace ferrule::api_test;

namespace {

const std::string body = R"({"name": "edge", "probe": "fake", "targets": [{"host": "up1"}], "interval": "1h",
    "settings": {"count": 3, "password": "geheim"}})";

} // namespace

TEST_CASE("a check can be made, read, replaced and removed, by those who may") {
    fixture on;
    CHECK(on.ask("operator", "POST /api/v1/checks", body).status == 403);
    const auto made = on.ask("admin", "POST /api/v1/checks", body);
    CHECK(made.status == 201);
    CHECK(made.header("location") == "/api/v1/checks/edge");
    CHECK(on.ask("admin", "POST /api/v1/checks", body).status == 409);
    auto shown = on.get("/api/v1/checks/edge");
    CHECK(shown["origin"] == "api");
    CHECK(shown["state"] == "pending");
    CHECK(shown["settings"]["password"] == "[redacted]");
    CHECK(on.records.text().find("geheim") == std::string::npos);
    // What is shown can be sent back, and keeps the secret.
    shown["interval"] = "2h";
    CHECK(on.ask("admin", "PUT /api/v1/checks/edge", shown.dump()).status == 200);
    CHECK(on.book->find("edge").definition->settings.find("geheim") != std::string::npos);
    CHECK(on.get("/api/v1/checks/edge")["interval"] == "2h");
    const auto elsewhere =
        on.ask("admin", "PUT /api/v1/checks/other",
               R"({"probe": "fake", "targets": [{"host": "a"}], "settings": {"password": "[redacted]"}})");
    CHECK(elsewhere.status == 400);
    CHECK(on.ask("admin", "DELETE /api/v1/checks/edge").status == 204);
    CHECK(on.get("/api/v1/checks/edge", 404)["detail"] == "there is no check \"edge\"");
    CHECK(on.get("/api/v1/checks/file-chekc", 404)["detail"] ==
          "there is no check \"file-chekc\"; did you mean \"file-check\"?");
}

TEST_CASE("a secret stays with its target, wherever that stands in the list") {
    fixture on;
    const std::string two = R"({"name": "two", "probe": "fake", "targets": [
        {"host": "a", "settings": {"password": "of a"}}, {"host": "b", "settings": {"password": "of b"}}]})";
    REQUIRE(on.ask("admin", "POST /api/v1/checks", two).status == 201);
    auto shown = on.get("/api/v1/checks/two");
    shown["targets"].erase(0);
    REQUIRE(on.ask("admin", "PUT /api/v1/checks/two", shown.dump()).status == 200);
    CHECK(on.book->find("two").definition->targets.at(0).settings.find("of b") != std::string::npos);
    shown["targets"][0]["host"] = "elsewhere";
    const auto moved = on.ask("admin", "PUT /api/v1/checks/two", shown.dump());
    CHECK(moved.status == 400);
    CHECK(moved.body.find("give the secret") != std::string::npos);
}

TEST_CASE("what a target is sent is not shown, and a URL holds no login") {
    fixture on;
    const auto with_login =
        on.ask("admin", "PUT /api/v1/checks/web", R"({"probe": "fake", "targets": [{"url": "http://u:geheim@h/"}]})");
    CHECK(with_login.status == 400);
    CHECK(with_login.body.find("targets[0].url") != std::string::npos);
    CHECK(with_login.body.find("geheim") == std::string::npos);
    model::check made;
    made.name = "web";
    made.probe = "fake";
    made.settings = R"({"headers": {"X-Key": "geheim"}, "steps": [{"send": "PASS geheim"}], "method": "GET",
        "proxy_url": "http://u:geheim@p", "body": "geheim"})";
    made.targets.push_back({"", "", {}, "http://h/a?token=t", "", {}});
    CHECK(model::target_name(made.targets[0]) == "http://h/a");
    const auto shown = api::shown_check(made);
    CHECK(shown.dump().find("geheim") == std::string::npos);
    CHECK(shown["settings"]["method"] == "GET");
    const auto back = api::read_check(shown, "web", &made);
    REQUIRE(back.has_value());
    CHECK(json::parse(back->settings) == json::parse(made.settings));
}

TEST_CASE("a check of the configuration is listed and cannot be changed here") {
    fixture on;
    const auto list = on.get("/api/v1/checks");
    REQUIRE(list["items"].size() == 1);
    CHECK(list["items"][0]["origin"] == "file");
    CHECK(on.get("/api/v1/checks?label=a=b")["items"].empty());
    CHECK(on.ask("admin", "DELETE /api/v1/checks/file-check").status == 409);
    const auto put =
        on.ask("admin", "PUT /api/v1/checks/file-check", R"({"probe": "fake", "targets": [{"host": "a"}]})");
    CHECK(put.status == 409);
    CHECK(json::parse(put.body)["code"] == "read_only");
}

TEST_CASE("faults of a body are told all at once, with their places") {
    fixture on;
    const auto got =
        on.ask("admin", "PUT /api/v1/checks/bad", R"({"probe": "fake", "targets": [{}], "intervall": "1s"})");
    CHECK(got.status == 400);
    const auto problems = json::parse(got.body)["details"]["problems"];
    std::set<std::string> places;
    for (const auto& each : problems)
        places.insert(each["path"].get<std::string>());
    CHECK(places == std::set<std::string>{"intervall", "targets[0]"});
    const auto settings = on.ask("admin", "PUT /api/v1/checks/bad",
                                 R"({"probe": "fake", "targets": [{"host": "a"}], "settings": {"cuont": 1}})");
    CHECK(json::parse(settings.body)["detail"] == "settings.cuont: unknown key; did you mean \"count\"?");
    const auto probe = on.ask("admin", "PUT /api/v1/checks/bad", R"({"probe": "pigeon", "targets": [{"host": "a"}]})");
    CHECK(json::parse(probe.body)["details"]["problems"][0]["path"] == "probe");
}

TEST_CASE("a run brings states, results, figures and events") {
    fixture on;
    auto events = on.follow("/api/v1/events?topics=check.state,check.sample");
    events.read_until("event: hello");
    CHECK(on.ask("viewer", "POST /api/v1/checks/file-check/run").status == 403);
    const auto run = on.ask("operator", "POST /api/v1/checks/file-check/run?wait=10s");
    CHECK(run.status == 200);
    const auto ran = json::parse(run.body);
    CHECK(ran["complete"] == true);
    CHECK(ran["samples"].size() == 2);
    const auto state = on.get("/api/v1/checks/file-check/state");
    REQUIRE(state["targets"].size() == 2);
    CHECK(state["targets"][0]["target"] == "down1");
    CHECK(state["targets"][0]["locations"][0]["soft"] == true);
    CHECK(state["targets"][1]["state"] == "ok");
    CHECK(state["targets"][1]["locations"][0]["last"]["rtts_ms"] == json::array({1.0, nullptr}));
    const auto results = on.get("/api/v1/checks/file-check/results?limit=1");
    CHECK(results["items"].size() == 1);
    REQUIRE(results["next"].is_string());
    const auto rest = on.get("/api/v1/checks/file-check/results?limit=5&cursor=" + results["next"].get<std::string>());
    CHECK(rest["items"].size() == 1);
    CHECK(rest["next"].is_null());
    const auto of_up = on.get("/api/v1/checks/file-check/results?target=up1");
    REQUIRE(of_up["items"].size() == 1);
    CHECK(of_up["items"][0]["rtts_ms"] == json::array({1.0, nullptr}));
    const auto figures = on.get("/api/v1/checks/file-check/figures?window=1h&by=target,location");
    REQUIRE(figures["items"].size() == 2);
    CHECK(figures["items"][0]["target"] == "down1");
    CHECK(figures["items"][0]["availability"] == 0);
    CHECK(figures["items"][1]["latency"]["p50_ms"].get<double>() == Approx(1).epsilon(0.01));
    CHECK(figures["items"][1]["loss_ratio"] == 0.5);
    CHECK_FALSE(figures["items"][0].contains("loss_ratio"));
    CHECK(on.get("/api/v1/checks/file-check/figures")["items"][0]["count"] == 2);
    CHECK(on.get("/api/v1/checks/file-check/figures?by=moon", 400)["code"] == "invalid_parameter");
    const auto heard = events.read_until("event: check.state") + events.read_until("\n\n");
    CHECK(heard.find("event: check.sample") != std::string::npos);
    CHECK(heard.find("\"check\":\"file-check\"") != std::string::npos);
}

TEST_CASE("work is announced, and problems are acknowledged, by operators") {
    fixture on;
    const std::string window = R"({"name": "move", "from": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"})";
    CHECK(on.ask("viewer", "POST /api/v1/checks/file-check/maintenance", window).status == 403);
    CHECK(on.ask("operator", "POST /api/v1/checks/file-check/maintenance", window).status == 200);
    CHECK(on.get("/api/v1/checks/file-check/state")["targets"][0]["maintenance"] == true);
    CHECK(on.ask("operator", "DELETE /api/v1/checks/file-check/maintenance/move").status == 204);
    CHECK(on.ask("operator", "DELETE /api/v1/checks/file-check/maintenance/move").status == 404);
    CHECK(on.ask("operator", "POST /api/v1/checks/file-check/maintenance", R"({"name": "x"})").status == 400);
    CHECK(on.ask("operator", "POST /api/v1/checks/file-check/acknowledgement", R"({"comment": "mine"})").status == 409);
    for (int i = 0; i < 3; ++i)
        (void)on.ask("operator", "POST /api/v1/checks/file-check/run?wait=10s");
    const auto said = on.ask("operator", "POST /api/v1/checks/file-check/acknowledgement",
                             R"({"target": "down1", "comment": "mine"})");
    CHECK(said.status == 200);
    CHECK(json::parse(said.body)["targets"][0]["acknowledged"]["by"] == "operator");
    CHECK(on.ask("operator", "DELETE /api/v1/checks/file-check/acknowledgement").status == 204);
}

TEST_CASE("a measurement at once gives each result and the figures") {
    fixture on;
    const std::string request =
        R"({"probe": "fake", "targets": ["up1", {"host": "down1"}], "count": 3, "interval": "1ms"})";
    CHECK(on.ask("viewer", "POST /api/v1/probes/run", request).status == 403);
    const auto got = on.ask("operator", "POST /api/v1/probes/run", request);
    REQUIRE(got.status == 200);
    const auto run = json::parse(got.body);
    CHECK(run["complete"] == true);
    CHECK(run["samples"].size() == 6);
    CHECK(run["figures"][0]["availability"] == 1);
    CHECK(run["figures"][0]["packets_sent"] == 6);
    CHECK(run["figures"][0]["loss_ratio"] == 0.5);
    const auto answered = std::find_if(run["samples"].begin(), run["samples"].end(),
                                       [](const auto& each) { return each["success"] == true; });
    REQUIRE(answered != run["samples"].end());
    CHECK((*answered)["rtts_ms"] == json::array({1.5, nullptr}));
    CHECK(run["figures"][1]["availability"] == 0);
    CHECK(run["places"][0]["node"] == "local");
    const auto stream = on.ask("operator", "POST /api/v1/probes/run", request, "Accept: text/event-stream\r\n");
    CHECK(stream.body.find("event: begin") != std::string::npos);
    CHECK(stream.body.find("\"round\":2") != std::string::npos);
    CHECK(stream.body.find("event: end") != std::string::npos);
}

TEST_CASE("a measurement that nobody waits for any more ends") {
    const std::string what = GENERATE(as<std::string>(), "/api/v1/checks/file-check/run?wait=1h", "/api/v1/probes/run");
    config::http_settings wanted;
    wanted.max_wait = 1h; // the test would not end within its limit if the wait went on
    fixture on(wanted);
    const std::string request =
        what.ends_with("/probes/run")
            ? R"({"probe": "fake", "targets": ["up1"], "count": 3, "interval": "30m", "timeout": "1s"})"
            : "";
    {
        http_test::client leaving(on.server->addresses().front());
        leaving.send("POST " + what + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + on.token("operator") +
                     "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(request.size()) +
                     "\r\n\r\n" + request);
        while (on.server->connections() == 0)
            std::this_thread::yield();
    }
    while (on.server->connections() > 0)
        std::this_thread::yield();
    SUCCEED("the connection is gone");
}

TEST_CASE("what is wrong with a measurement is told before it begins") {
    fixture on;
    const auto refused = [&on](const std::string& request, const std::string& headers = {}) {
        const auto got = on.ask("operator", "POST /api/v1/probes/run", request, headers);
        return std::to_string(got.status) + " " + json::parse(got.body)["detail"].get<std::string>();
    };
    CHECK(refused(R"({"probe": "pigeon", "targets": ["a"]})") == "404 there is no probe plugin \"pigeon\"");
    CHECK(refused(R"({"probe": "pigeon", "targets": ["a"]})", "Accept: text/event-stream\r\n") ==
          "404 there is no probe plugin \"pigeon\"");
    CHECK(refused(R"({"probe": "fake", "targets": []})") == "400 targets: give at least one target");
    CHECK(refused(R"({"probe": "fake", "targets": ["a"], "settings": {"cuont": 1}})") ==
          "400 settings.cuont: unknown key; did you mean \"count\"?");
    CHECK(refused(R"({"probe": "fake", "targets": ["a"], "from": {"labels": {"site": "moon"}}})")
              .starts_with("422 no node"));
    CHECK(refused(R"({"probe": "fake", "targets": ["a"], "from": {"count": 0}})").starts_with("400 from.count"));
    CHECK(refused(R"({"probe": "fake", "targets": ["a"], "count": 10000, "interval": "1ns"})")
              .starts_with("400 interval"));
    std::string many = R"({"probe": "fake", "targets": ["h0")";
    for (int i = 1; i < 101; ++i)
        many += ", \"h" + std::to_string(i) + "\"";
    CHECK(refused(many + "]}").starts_with("400 too much at once: 101 places"));
}

TEST_CASE("an operator may not have files of the node read") {
    fixture on;
    const std::string request = R"({"probe": "fake", "targets": ["up1"], "settings": {"ca_file": "/etc/shadow"}})";
    const auto refused = on.ask("operator", "POST /api/v1/probes/run", request);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("settings.ca_file") != std::string::npos);
    CHECK(on.ask("admin", "POST /api/v1/probes/run", request).status == 200);
}
