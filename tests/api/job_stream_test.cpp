#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {

struct sse {
    std::string name;
    json data;
};

// All events of a stream that has ended.
std::vector<sse> events_of(const std::string& body) {
    std::vector<sse> found;
    std::size_t at = 0;
    while ((at = body.find("event: ", at)) != std::string::npos) {
        sse one;
        const auto end = body.find('\n', at);
        one.name = body.substr(at + 7, end - at - 7);
        const auto data = body.find("data: ", end) + 6;
        one.data = json::parse(body.substr(data, body.find('\n', data) - data));
        found.push_back(std::move(one));
        at = end;
    }
    return found;
}

std::string output_of(const std::vector<sse>& all, std::size_t index) {
    std::string text;
    for (const auto& each : all)
        if (each.name == "output" && each.data["index"] == index) {
            CHECK(each.data["offset"] == text.size()); // nothing missing, nothing twice
            text += each.data["text"].get<std::string>();
        }
    return text;
}

std::vector<std::string> names_of(const std::vector<sse>& all) {
    std::vector<std::string> names;
    for (const auto& each : all)
        names.push_back(each.name);
    return names;
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("a stream tells a job's whole story as it happens") {
    fixture on;
    const auto id = on.jobs.make();
    auto stream = on.follow("/api/v1/jobs/" + id + "/stream");
    auto head = stream.read_until("\"queued\"");
    CHECK(head.find("text/event-stream") != std::string::npos);
    on.jobs.begin(id);
    on.jobs.output(id, 0, "line 1\n");
    on.jobs.output(id, 0, "line 2\n");
    on.jobs.result_of(id, 0);
    on.jobs.output(id, 1, "second\n");
    on.jobs.result_of(id, 1);
    on.jobs.finish(id, model::job_state::succeeded);
    const auto all = events_of(stream.read_until("0\r\n\r\n"));
    CHECK(output_of(all, 0) == "line 1\nline 2\n");
    CHECK(output_of(all, 1) == "second\n");
    CHECK(all.front().data["state"] == "running");
    CHECK(all.back().name == "end");
    CHECK(all.back().data == json{{"id", id}, {"state", "succeeded"}});
    CHECK(all[all.size() - 2].data["state"] == "succeeded");
    int results = 0;
    for (const auto& each : all)
        results += each.name == "result" ? 1 : 0;
    CHECK(results == 2);
}

TEST_CASE("who comes late first gets what has been so far") {
    fixture on;
    const auto id = on.jobs.make();
    on.jobs.begin(id);
    on.jobs.output(id, 0, "before\n");
    on.jobs.result_of(id, 0);
    on.jobs.output(id, 1, "half of ");
    auto stream = on.follow("/api/v1/jobs/" + id + "/stream");
    stream.read_until("before");
    on.jobs.output(id, 1, "it\n");
    on.jobs.result_of(id, 1);
    on.jobs.finish(id, model::job_state::succeeded);
    const auto all = events_of(stream.read_until("0\r\n\r\n"));
    CHECK(all.back().name == "end");

    auto whole = on.follow("/api/v1/jobs/" + id + "/stream");
    const auto again = events_of(whole.read().body);
    CHECK(names_of(again) == texts{"output", "result", "output", "result", "state", "end"});
    CHECK(output_of(again, 0) == "before\n");
    CHECK(output_of(again, 1) == "half of it\n");
    CHECK(again[1].data["index"] == 0);
    CHECK(again[3].data["output"] == "half of it\n");
}

TEST_CASE("a listener that loses events is brought up to date by the job itself") {
    fixture on;
    const auto id = on.jobs.make();
    auto stream = on.follow("/api/v1/jobs/" + id + "/stream");
    stream.read_until("\"queued\"");
    on.jobs.begin(id);
    // More events than the queue of a listener holds.
    on.while_loop_stands([&] {
        for (int i = 0; i < 20'000; ++i)
            on.jobs.output(id, 0, "0123456789abcdef");
    });
    on.jobs.result_of(id, 0);
    on.jobs.finish(id, model::job_state::succeeded);
    const auto all = events_of(stream.read_until("\r\n0\r\n\r\n"));
    CHECK(output_of(all, 0).size() == 320'000);
    CHECK(all.back().name == "end");
}

TEST_CASE("a listener that goes away ends its connection, although the job is silent") {
    fixture on;
    const auto id = on.jobs.make();
    {
        auto stream = on.follow("/api/v1/jobs/" + id + "/stream");
        stream.read_until("\"queued\"");
    }
    while (on.server->connections() > 0)
        std::this_thread::yield();
    SUCCEED("the connection and its subscription are gone");
}

TEST_CASE("closing the bus ends the streams") {
    fixture on;
    const auto id = on.jobs.make();
    auto stream = on.follow("/api/v1/jobs/" + id + "/stream");
    stream.read_until("\"queued\"");
    on.bus.close();
    CHECK(stream.read_until("0\r\n\r\n").find("event: end") == std::string::npos);
}
