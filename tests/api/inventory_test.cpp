#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::api_test;

TEST_CASE("a device is added, shown, replaced and removed") {
    fixture on;
    const auto made = on.ask("admin", "POST /api/v1/devices",
                             R"({"name":"r2","host":"192.0.2.2","credential":"lab","labels":{"role":"edge"}})");
    CHECK(made.status == 201);
    CHECK(made.header("location") == "/api/v1/devices/r2");
    auto shown = on.get("/api/v1/devices/r2");
    CHECK(shown["host"] == "192.0.2.2");
    CHECK(shown["origin"] == "api");

    shown["host"] = "192.0.2.3"; // what was shown can be sent back
    const auto replaced = on.ask("admin", "PUT /api/v1/devices/r2", shown.dump());
    CHECK(replaced.status == 200);
    CHECK(replaced.header("location").empty());
    CHECK(on.get("/api/v1/devices/r2")["host"] == "192.0.2.3");
    CHECK(on.ask("admin", "PUT /api/v1/devices/r3", R"({"host":"192.0.2.4"})").status == 201);

    CHECK(on.ask("admin", "DELETE /api/v1/devices/r2").status == 204);
    CHECK(on.ask("viewer", "GET /api/v1/devices/r2").status == 404);
    CHECK(on.ask("admin", "DELETE /api/v1/devices/r2").status == 404);
}

TEST_CASE("devices are listed by name, by label and in pages") {
    fixture on;
    for (const auto* name : {"a1", "a2", "a3"})
        on.ask("admin", std::string("PUT /api/v1/devices/") + name,
               R"({"host":"192.0.2.9","labels":{"role":"edge","site":"x=y"}})");
    CHECK(on.get("/api/v1/devices")["items"].size() == 4);
    CHECK(on.get("/api/v1/devices?label=role%3Dcore")["items"][0]["name"] == "frr1");
    CHECK(on.get("/api/v1/devices?label=role=edge&label=site=x%3Dy")["items"].size() == 3);
    CHECK(on.get("/api/v1/devices?label=role=edge&label=site=z")["items"].empty());
    const auto first = on.get("/api/v1/devices?limit=3");
    CHECK(first["next"] == "a3");
    CHECK(on.get("/api/v1/devices?limit=3&cursor=a3")["items"][0]["name"] == "frr1");
}

TEST_CASE("a credential goes in with its secrets and comes out without them") {
    fixture on;
    const auto made = on.ask("admin", "PUT /api/v1/credentials/new",
                             R"({"username":"u","password":"hunter2","enable_password":"hunter3"})");
    CHECK(made.status == 201);
    const auto shown = on.get("/api/v1/credentials/new");
    CHECK(shown == json{{"name", "new"}, {"username", "u"}, {"has", {"password", "enable_password"}}});
    const auto all = made.body + on.get("/api/v1/credentials").dump() + on.records.text();
    CHECK(all.find("hunter") == std::string::npos); // neither shown nor readable at rest
    CHECK(on.inventory->find_credential("new")->password.reveal() == "hunter2");
    CHECK(on.ask("admin", "POST /api/v1/credentials", R"({"name":"new","username":"u"})").status == 409);
    CHECK(on.ask("admin", "DELETE /api/v1/credentials/new").status == 204);
    CHECK(on.ask("admin", "DELETE /api/v1/credentials/new").status == 404);
    const auto used = on.ask("admin", "DELETE /api/v1/credentials/lab");
    CHECK(used.status == 409);
}

TEST_CASE("a change that cannot be stored is not made") {
    fixture on;
    on.records.failing = true;
    const auto got = on.ask("admin", "PUT /api/v1/devices/r2", R"({"host":"192.0.2.2"})");
    CHECK(got.status == 503);
    CHECK(json::parse(got.body)["code"] == "store_failed");
    CHECK(on.ask("viewer", "GET /api/v1/devices/r2").status == 404);
}

TEST_CASE("testing a device says how far it went") {
    fixture on;
    const auto got = on.ask("operator", "POST /api/v1/devices/frr1/test?timeout=5s", "{}");
    CHECK(got.status == 200);
    CHECK(json::parse(got.body)["phase"] == "connect");
    CHECK(json::parse(got.body)["error"]["code"] == "connection_refused");
    CHECK(on.tester.limit.load() == base::duration(std::chrono::seconds(5)));
}

TEST_CASE("a token is shown once, works at once and ends at once") {
    fixture on;
    const auto made = on.ask("admin", "POST /api/v1/tokens", R"({"name":"ci","role":"operator","lifetime":"1h"})");
    CHECK(made.status == 201);
    const auto shown = json::parse(made.body);
    const auto text = shown["token"].get<std::string>();
    CHECK(shown["role"] == "operator");
    CHECK(shown["expires_at"].is_string());
    CHECK(made.header("location") == "/api/v1/tokens/" + shown["id"].get<std::string>());
    const auto use = [&] {
        return on.ask("", "GET /api/v1/jobs", "", "Authorization: Bearer " + text + "\r\n").status;
    };
    CHECK(use() == 200);
    CHECK(on.get("/api/v1/tokens").dump().find(text) == std::string::npos);
    CHECK(on.ask("admin", "DELETE " + made.header("location")).status == 204);
    CHECK(use() == 401);
}

TEST_CASE("the last admin token cannot be revoked") {
    fixture on;
    std::string id;
    const auto page = on.get("/api/v1/tokens");
    for (const auto& each : page["items"])
        if (each["role"] == "admin")
            id = each["id"];
    const auto got = on.ask("admin", "DELETE /api/v1/tokens/" + id);
    CHECK(got.status == 409);
    CHECK(json::parse(got.body)["code"] == "last_admin");
}
