#include "api_fleet/fleet_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {

std::set<std::string> places(const reply& refused) {
    std::set<std::string> all;
    const auto problems = json::parse(refused.body)["details"]["problems"];
    for (const auto& each : problems)
        all.insert(each["path"].get<std::string>());
    return all;
}

} // namespace

TEST_CASE("join tokens are made, listed and removed by administrators, and shown once") {
    fleet_fixture at;
    const std::string wish = R"({"name": "edge1", "region": "eu", "labels": {"site": "a"}, "lifetime": "10m"})";
    for (const auto* role : {"viewer", "operator"}) {
        CHECK(at.on.ask(role, "POST /api/v1/join-tokens", wish).status == 403);
        CHECK(at.on.ask(role, "GET /api/v1/join-tokens").status == 403);
        CHECK(at.on.ask(role, "DELETE /api/v1/join-tokens/x").status == 403);
    }
    CHECK(at.on.ask("", "GET /api/v1/join-tokens").status == 401);
    const auto made = at.on.ask("admin", "POST /api/v1/join-tokens", wish);
    REQUIRE(made.status == 201);
    const auto token = json::parse(made.body);
    const auto text = token["token"].get<std::string>();
    const auto id = token["id"].get<std::string>();
    CHECK(made.header("location") == "/api/v1/join-tokens/" + id);
    CHECK(text.size() > 40);
    const auto listed = at.on.get("/api/v1/join-tokens");
    REQUIRE(listed["items"].size() == 1);
    CHECK(listed["items"][0]["name"] == "edge1");
    CHECK(listed["items"][0]["labels"] == json{{"site", "a"}});
    CHECK(listed["items"][0]["used_by"].is_null());
    CHECK(listed.dump().find(text) == std::string::npos);
    CHECK_FALSE(listed["items"][0].contains("token"));
    CHECK(at.on.ask("admin", "DELETE /api/v1/join-tokens/" + id).status == 204);
    const auto gone = at.on.ask("admin", "DELETE /api/v1/join-tokens/" + id);
    CHECK(gone.status == 404);
    CHECK(json::parse(gone.body)["code"] == "join_token_not_found");
    CHECK(at.on.get("/api/v1/join-tokens")["items"].empty());
}

TEST_CASE("a wish for a join token is judged as a whole") {
    fleet_fixture at;
    const auto bad = at.on.ask("admin", "POST /api/v1/join-tokens",
                               R"({"name": "no name", "lifetime": "400d", "labels": {"a": 1}, "regoin": "eu"})");
    CHECK(bad.status == 400);
    CHECK(json::parse(bad.body)["code"] == "invalid_request");
    CHECK(places(bad) == std::set<std::string>{"name", "lifetime", "labels.a", "regoin"});
    CHECK(at.on.ask("admin", "POST /api/v1/join-tokens", "[]").status == 400);
    CHECK(at.on.ask("admin", "POST /api/v1/join-tokens", "{").status == 400);
    CHECK(at.on.ask("admin", "POST /api/v1/join-tokens", "{}", "Content-Type: text/plain\r\n").status == 415);
    CHECK(at.on.ask("admin", "POST /api/v1/join-tokens", "{}").status == 201); // all of it may be left out
}

TEST_CASE("agents are listed and shown to viewers, by state and label, page by page") {
    fleet_fixture at;
    CHECK(at.on.get("/api/v1/agents")["items"].empty());
    at.join("edge1");
    at.join("edge2");
    CHECK(at.on.ask("", "GET /api/v1/agents").status == 401);
    const auto page = json::parse(at.on.ask("viewer", "GET /api/v1/agents?limit=1").body);
    REQUIRE(page["items"].size() == 1);
    CHECK(page["items"][0]["name"] == "edge1");
    CHECK(page["next"] == "edge1");
    const auto rest = at.on.get("/api/v1/agents?limit=1&cursor=edge1");
    CHECK(rest["items"][0]["name"] == "edge2");
    CHECK(rest["next"].is_null());
    CHECK(at.on.get("/api/v1/agents?label=name%3Dedge2&label=group%3Dlab")["items"].size() == 1);
    CHECK(at.on.get("/api/v1/agents?label=name%3Dedge2&label=group%3Dother")["items"].empty());
    at.leave("edge2");
    CHECK(at.on.get("/api/v1/agents?state=online")["items"].size() == 1);
    CHECK(at.on.get("/api/v1/agents?state=offline")["items"][0]["name"] == "edge2");
    CHECK(at.on.get("/api/v1/agents?state=asleep", 400)["code"] == "invalid_parameter");
    CHECK(at.on.get("/api/v1/agents?limit=0", 400)["code"] == "invalid_parameter");
    CHECK(at.on.get("/api/v1/agents?nmae=edge1", 400)["code"] == "unknown_parameter");

    json shown;
    do // its first heartbeat is on its way
        shown = json::parse(at.on.ask("viewer", "GET /api/v1/agents/edge1").body);
    while (shown["metrics"].is_null());
    CHECK(shown["metrics"]["cpu"]["busy"] == 1);
    CHECK(shown["state"] == "online");
    CHECK(shown["connected"] == true);
    CHECK(shown["version"] == "1.2.3");
    CHECK(shown["region"] == "eu");
    CHECK(shown["labels"]["from"] == "agent"); // its own, beside those of its token
    CHECK(shown["labels"]["name"] == "edge1");
    CHECK(shown["certificate"]["serial"].get<std::string>().size() == 32);
    CHECK(shown["lost_deliveries"] == 0);
    const auto unknown = at.on.get("/api/v1/agents/edge9", 404);
    CHECK(unknown["code"] == "agent_not_found");
    CHECK(unknown["detail"] == "there is no agent named \"edge9\"");
    const auto tokens = at.on.get("/api/v1/join-tokens");
    CHECK(tokens["items"][0]["used_by"] == "edge1");
}

TEST_CASE("an agent is revoked by administrators, at once, and forgotten no sooner than its certificate ends") {
    fleet_fixture at;
    at.join("edge1");
    for (const auto* role : {"viewer", "operator"})
        CHECK(at.on.ask(role, "DELETE /api/v1/agents/edge1").status == 403);
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge1?forget=perhaps").status == 400);
    const auto early = at.on.ask("admin", "DELETE /api/v1/agents/edge1?forget=true");
    CHECK(early.status == 409);
    CHECK(json::parse(early.body)["code"] == "agent_in_use");
    auto events = at.on.follow("/api/v1/events?topics=agent");
    events.read_until("event: hello");
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge1").status == 204);
    CHECK(events.read_until("\"state\":\"revoked\"").find("\"edge1\"") != std::string::npos);
    const auto shown = at.on.get("/api/v1/agents/edge1");
    CHECK(shown["state"] == "revoked");
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge1?forget=true").status == 409);
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge9").status == 404);
    const auto both = at.on.ask("admin", "DELETE /api/v1/agents/edge9?unknown=true&forget=true");
    CHECK(both.status == 400);
    CHECK(json::parse(both.body)["code"] == "invalid_request");
    CHECK(at.on.get("/api/v1/agents/edge9", 404)["code"] == "agent_not_found"); // neither was done
    // Nobody here knows how long the certificate lasts that another controller gave it.
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge9?unknown=true").status == 204);
    CHECK(at.on.ask("admin", "DELETE /api/v1/agents/edge9?forget=true").status == 409);
}
