#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::api_test;

TEST_CASE("health needs no token, metrics do unless the settings say otherwise") {
    SECTION("by default") {
        fixture on;
        CHECK(on.ask("", "GET /healthz").body == R"({"status":"ok"})");
        CHECK(on.ask("", "GET /readyz").status == 200);
        CHECK(on.ask("", "GET /metrics").status == 401);
        CHECK(on.ask("viewer", "GET /metrics").status == 200);
    }
    SECTION("the other way round") {
        config::http_settings wanted;
        wanted.auth.anonymous_health = false;
        wanted.auth.anonymous_metrics = true;
        fixture on(wanted);
        CHECK(on.ask("", "GET /healthz").status == 401);
        CHECK(on.ask("", "GET /readyz").status == 401);
        CHECK(on.ask("", "GET /metrics").status == 200);
    }
}

TEST_CASE("readiness says what is missing") {
    fixture on;
    on.reasons = {"the store is not open", "no driver"};
    const auto got = on.ask("", "GET /readyz");
    CHECK(got.status == 503);
    const auto document = json::parse(got.body);
    CHECK(document["code"] == "not_ready");
    CHECK(document["detail"] == "not ready: the store is not open; no driver");
    CHECK(document["details"]["reasons"] == json{"the store is not open", "no driver"});
    CHECK(on.ask("", "GET /healthz").status == 200);
}

TEST_CASE("metrics count requests by route, method and status") {
    fixture on;
    on.get("/api/v1/jobs");
    on.ask("viewer", "GET /api/v1/jobs/42");
    on.ask("viewer", "GET /nowhere");
    const auto got = on.ask("viewer", "GET /metrics");
    CHECK(got.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    const auto has = [&got](const std::string& text) { return got.body.find(text) != std::string::npos; };
    CHECK(has(R"(ferrule_http_requests_total{method="GET",route="/api/v1/jobs",status="200"} 1)"));
    CHECK(has(R"(ferrule_http_requests_total{method="GET",route="/api/v1/jobs/{id}",status="404"} 1)"));
    CHECK(has(R"(ferrule_http_requests_total{method="GET",route="none",status="404"} 1)"));
    CHECK(has(R"(ferrule_http_request_duration_seconds_count{route="/api/v1/jobs"} 1)"));
    CHECK(has("ferrule_jobs_accepted_total"));
}

TEST_CASE("sessions, plugins and nodes are listed") {
    fixture on;
    const auto session = on.get("/api/v1/sessions")["items"][0];
    CHECK(session["id"] == "s1");
    CHECK(session["state"] == "idle");
    CHECK(on.ask("operator", "DELETE /api/v1/sessions/s1").status == 204);
    CHECK_FALSE(on.jobs.forced);
    CHECK(on.ask("operator", "DELETE /api/v1/sessions/s1?force=true").status == 204);
    CHECK(on.jobs.forced);
    CHECK(on.get("/api/v1/plugins")["items"][0]["id"] == "ssh");
    CHECK(on.get("/api/v1/plugins/driver/ssh")["state"] == "available");
    CHECK(on.get("/api/v1/nodes")["items"][0]["name"] == "local");
}
