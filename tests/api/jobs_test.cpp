#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {
const std::string body = R"({"device":"frr1","commands":["show version"]})";
}

TEST_CASE("a job that is accepted is answered with 202 and its address") {
    fixture on;
    const auto got = on.ask("operator", "POST /api/v1/jobs", body);
    CHECK(got.status == 202);
    const auto job = json::parse(got.body);
    CHECK(job["state"] == "queued");
    CHECK(job["device"] == "frr1");
    CHECK(job["strategy"] == "pinned");
    CHECK(job["results"] == json::array());
    CHECK(job["error"].is_null());
    const auto id = job["id"].get<std::string>();
    CHECK(got.header("location") == "/api/v1/jobs/" + id);
    CHECK(on.get(got.header("location"))["id"] == id);
    CHECK(on.tokens->recognise(on.token("operator"), base::system_clock().wall_now())->id == on.jobs.last_owner());
}

TEST_CASE("with wait the result comes in the same answer when it is in time") {
    fixture on;
    auto asked =
        std::async(std::launch::async, [&on] { return on.ask("operator", "POST /api/v1/jobs?wait=60s", body); });
    while (on.jobs.waiting == 0)
        std::this_thread::yield();
    const auto id = on.get("/api/v1/jobs")["items"][0]["id"].get<std::string>();
    on.jobs.output(id, 0, "FRRouting 8.4");
    on.jobs.finish(id, model::job_state::succeeded);
    const auto got = asked.get();
    CHECK(got.status == 200);
    const auto job = json::parse(got.body);
    CHECK(job["state"] == "succeeded");
    CHECK(job["results"][0]["output"] == "FRRouting 8.4");
}

TEST_CASE("with wait a job that is not in time is answered with 202") {
    fixture on;
    const auto got = on.ask("operator", "POST /api/v1/jobs?wait=10ms", body);
    CHECK(got.status == 202);
    CHECK(json::parse(got.body)["state"] == "queued");
}

TEST_CASE("who stops waiting for a job frees the connection") {
    fixture on;
    const auto id = on.jobs.make();
    auto leaving = on.follow("/api/v1/jobs/" + id + "?wait=60s");
    while (on.jobs.waiting < 2) // first for a moment, then with an eye on the client
        std::this_thread::yield();
    leaving.reset();
    while (on.server->connections() > 0)
        std::this_thread::yield();
    CHECK(on.get("/api/v1/jobs/" + id)["state"] == "queued");
}

TEST_CASE("waiting for a job that exists gives it when it has ended, or as it is") {
    fixture on;
    const auto id = on.jobs.make();
    CHECK(on.get("/api/v1/jobs/" + id + "?wait=10ms")["state"] == "queued");
    auto asked = std::async(std::launch::async, [&] { return on.get("/api/v1/jobs/" + id + "?wait=60s"); });
    while (on.jobs.waiting < 2)
        std::this_thread::yield();
    on.jobs.finish(id, model::job_state::failed);
    CHECK(asked.get()["state"] == "failed");
}

TEST_CASE("a repeated Idempotency-Key gives the first job again, another request under it is a conflict") {
    fixture on;
    const std::string key = "Idempotency-Key: key-1\r\n";
    const auto first = on.ask("operator", "POST /api/v1/jobs", body, key);
    CHECK(first.header("idempotency-replayed").empty());
    const auto again = on.ask("operator", "POST /api/v1/jobs", body, key);
    CHECK(again.status == 202);
    CHECK(again.header("idempotency-replayed") == "true");
    CHECK(json::parse(again.body)["id"] == json::parse(first.body)["id"]);
    const auto other = on.ask("operator", "POST /api/v1/jobs", R"({"device":"frr1","commands":["other"]})", key);
    CHECK(other.status == 422);
    CHECK(json::parse(other.body)["code"] == "idempotency_conflict");
}

TEST_CASE("what the job service refuses comes through with its status") {
    fixture on;
    const auto row = GENERATE(table<std::string, unsigned>({{"device_not_found", 404},
                                                            {"device_disabled", 409},
                                                            {"credential_not_found", 422},
                                                            {"platform_not_found", 422},
                                                            {"idempotency_in_progress", 409},
                                                            {"overloaded", 503},
                                                            {"shutting_down", 503},
                                                            {"store_failed", 503}}));
    on.jobs.fail_with(error(std::get<0>(row), "the reason", true));
    const auto got = on.ask("operator", "POST /api/v1/jobs", body);
    CHECK(got.status == std::get<1>(row));
    CHECK(json::parse(got.body)["code"] == std::get<0>(row));
    CHECK(json::parse(got.body)["retryable"] == true);
}

TEST_CASE("the list hands its filters down and pages by cursor") {
    fixture on;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(on.jobs.make());
    const auto first = on.get("/api/v1/jobs?device=frr1&state=queued&limit=2");
    CHECK(on.jobs.last_query().device == "frr1");
    CHECK(on.jobs.last_query().state == model::job_state::queued);
    CHECK(on.jobs.last_query().limit == 2);
    REQUIRE(first["items"].size() == 2);
    CHECK(first["items"][0]["id"] == ids[4]);
    CHECK_FALSE(first["items"][0].contains("results"));
    const auto second = on.get("/api/v1/jobs?limit=2&cursor=" + first["next"].get<std::string>());
    CHECK(second["items"][0]["id"] == ids[2]);
    const auto last = on.get("/api/v1/jobs?limit=2&cursor=" + second["next"].get<std::string>());
    CHECK(last["items"].size() == 1);
    CHECK(last["next"].is_null());
}

TEST_CASE("a queued job is cancelled at once, a running one soon, an ended one not") {
    fixture on;
    const auto queued = on.jobs.make();
    const auto cancelled = on.ask("operator", "POST /api/v1/jobs/" + queued + "/cancel", "{}");
    CHECK(cancelled.status == 200);
    CHECK(json::parse(cancelled.body)["state"] == "cancelled");

    const auto running = on.jobs.make();
    on.jobs.begin(running);
    const auto soon = on.ask("operator", "DELETE /api/v1/jobs/" + running);
    CHECK(soon.status == 202);
    CHECK(json::parse(soon.body)["state"] == "running");

    const auto late = on.ask("operator", "DELETE /api/v1/jobs/" + queued);
    CHECK(late.status == 409);
    CHECK(json::parse(late.body)["code"] == "job_finished");
}
