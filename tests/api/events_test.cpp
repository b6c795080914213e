#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::api_test;

TEST_CASE("events come with their id, their topic and their data") {
    fixture on;
    auto stream = on.follow("/api/v1/events");
    stream.read_until("event: hello");
    on.bus.publish("session", "s1", R"({"state":"idle"})");
    on.bus.publish("job.output", "1", R"({"text":"not asked for"})");
    on.bus.publish("job", "1", R"({"state":"running"})");
    const auto text = stream.read_until("running\"}\n\n");
    CHECK(text.find("id: 1\nevent: session\ndata: {\"state\":\"idle\"}\n\n") != std::string::npos);
    CHECK(text.find("id: 3\nevent: job\ndata: {\"state\":\"running\"}\n\n") != std::string::npos);
    CHECK(text.find("not asked for") == std::string::npos);
}

TEST_CASE("a stream ends with its token") {
    fixture on;
    const auto id = on.jobs.make();
    auto everything = on.follow("/api/v1/events");
    everything.read_until("event: hello");
    auto one = on.follow("/api/v1/jobs/" + id + "/stream");
    one.read_until("event: state");
    const auto viewer = on.tokens->recognise(on.token("viewer"), base::system_clock().wall_now())->id;
    REQUIRE(on.ask("admin", "DELETE /api/v1/tokens/" + viewer).status == 204);
    on.jobs.output(id, 0, "after the token's end");
    on.bus.publish("session", "s1", R"({"state":"idle"})");
    CHECK(everything.read_until("\r\n0\r\n\r\n").find("idle") == std::string::npos);
    CHECK(one.read_until("\r\n0\r\n\r\n").find("after") == std::string::npos);
}

TEST_CASE("topics choose") {
    fixture on;
    auto stream = on.follow("/api/v1/events?topics=job.output,node");
    stream.read_until("event: hello");
    on.bus.publish("job", "1", R"({"state":"running"})");
    on.bus.publish("job.output", "1", R"({"text":"x"})");
    on.bus.publish("node", "n", R"({"last":true})");
    const auto text = stream.read_until("\"last\":true}\n\n");
    CHECK(text.find("event: job\n") == std::string::npos);
    CHECK(text.find("event: job.output\n") != std::string::npos);
}

TEST_CASE("who comes back with the last id gets what happened meanwhile") {
    fixture on;
    for (int i = 1; i <= 4; ++i)
        on.bus.publish("job", "1", "{\"n\":" + std::to_string(i) + "}");
    SECTION("by the header") {
        auto stream = on.follow("/api/v1/events", "Last-Event-ID: 2\r\n");
        const auto text = stream.read_until("\"n\":4}\n\n");
        CHECK(text.find("id: 2\n") == std::string::npos);
        CHECK(text.find("id: 3\n") != std::string::npos);
    }
    SECTION("by the address") {
        auto stream = on.follow("/api/v1/events?last_event_id=3");
        const auto text = stream.read_until("\"n\":4}\n\n");
        CHECK(text.find("id: 3\n") == std::string::npos);
    }
    SECTION("with an id from before a restart, everything that is known") {
        auto stream = on.follow("/api/v1/events", "Last-Event-ID: 900\r\n");
        const auto text = stream.read_until("\"n\":4}\n\n");
        CHECK(text.find("\"restarted\":true") != std::string::npos);
        CHECK(text.find("id: 1\n") != std::string::npos);
    }
}

TEST_CASE("a listener that is too slow is told how much it has lost, and goes on") {
    fixture on;
    auto stream = on.follow("/api/v1/events");
    stream.read_until("event: hello");
    on.while_loop_stands([&on] {
        for (int i = 0; i < 20'000; ++i)
            on.bus.publish("job", "1", R"({"padding":"0123456789"})");
        on.bus.publish("job", "1", R"({"last":true})");
    });
    const auto text = stream.read_until("\"last\":true}\n\n");
    const auto told = text.find("event: lagged\ndata: {\"lost\":") != std::string::npos;
    const auto all = text.find("id: 20001\n") != std::string::npos;
    CHECK(told);
    CHECK(all);
}
