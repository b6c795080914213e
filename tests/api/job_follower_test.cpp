#include "api/job_follower.hpp"

#include "base/json.hpp"
#include "model/job_json.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using api::job_follower;
using base::json;

namespace {

state::event event(std::string topic, const json& data) {
    state::event made;
    made.topic = std::move(topic);
    made.data = base::dump(data);
    return made;
}

state::event output(std::size_t index, std::size_t offset, const std::string& text) {
    return event("job.output", {{"index", index}, {"offset", offset}, {"text", text}});
}

model::command_result command(const std::string& text) {
    model::command_result made;
    made.command = "show";
    made.output = text;
    return made;
}

state::event finished(const model::command_result& of, std::size_t index) {
    auto data = model::to_json(of);
    data["index"] = index;
    data["job"] = "1";
    return event("job.result", data);
}

model::job running() {
    model::job made;
    made.id = "1";
    made.state = model::job_state::running;
    return made;
}

std::size_t count(const std::string& in, std::string_view what) {
    std::size_t found = 0;
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1))
        ++found;
    return found;
}

} // namespace

TEST_CASE("output says of which command it is, also of one that the snapshot had not reached") {
    job_follower follower;
    auto job = running();
    job.request.commands.resize(2);
    job.request.commands[0].text = "show version";
    job.request.commands[1].text = "show clock";
    job.results = {command("first")};
    CHECK(count(follower.snapshot(job), R"("command":"show version","index":0)") == 1);
    static_cast<void>(follower.event(finished(job.results[0], 0)));
    CHECK(count(follower.event(output(1, 0, "12:00")), R"("command":"show clock","index":1)") == 1);

    job_follower after_restart; // the request of an ended job is not always at hand
    job.request.commands.clear();
    job.state = model::job_state::succeeded;
    CHECK(count(after_restart.snapshot(job), R"("command":"show","index":0)") == 1);
}

TEST_CASE("what a snapshot has told, queued events do not tell again") {
    job_follower follower;
    auto job = running();
    job.results = {command("first"), command("sec")};
    const auto text = follower.snapshot(job);
    CHECK(count(text, "event: output") == 2);
    CHECK(count(text, "event: result") == 1); // the last may still grow
    CHECK(follower.event(output(0, 0, "first")).empty());
    CHECK(follower.event(finished(job.results[0], 0)).empty());
    CHECK(follower.event(output(1, 0, "s")).empty());
    const auto rest = follower.event(output(1, 0, "second"));
    CHECK(rest.find(R"({"command":"show","index":1,"offset":3,"text":"ond"})") != std::string::npos);
    CHECK(count(follower.event(finished(command("second"), 1)), "event: result") == 1);
    CHECK(follower.snapshot(job).empty());
}

TEST_CASE("a result brings the output that was not heard") {
    job_follower follower;
    static_cast<void>(follower.snapshot(running()));
    const auto text = follower.event(finished(command("unheard"), 0));
    CHECK(count(text, "event: output") == 1);
    CHECK(count(text, "event: result") == 1);
}

TEST_CASE("a result that comes again with other contents is told again") {
    job_follower follower;
    static_cast<void>(follower.snapshot(running()));
    auto lost = command("");
    lost.failed = error("session_lost", "the session ended", true);
    CHECK(count(follower.event(finished(lost, 0)), "session_lost") == 1);
    CHECK(follower.event(finished(lost, 0)).empty());
    CHECK(count(follower.event(finished(command("fine"), 0)), "event: result") == 1);
}

TEST_CASE("the end is told once, after the last results") {
    job_follower follower;
    auto job = running();
    static_cast<void>(follower.snapshot(job));
    CHECK_FALSE(follower.wants_snapshot());
    job.state = model::job_state::failed;
    CHECK(follower.event(event("job", model::to_json(job, false))).empty());
    CHECK(follower.wants_snapshot());
    job.results = {command("last")};
    const auto text = follower.snapshot(job);
    CHECK(text.find("event: result") < text.find("event: state"));
    CHECK(text.find("event: state") < text.find("event: end"));
    CHECK(follower.ended());
    CHECK_FALSE(follower.wants_snapshot());
    CHECK(follower.event(output(0, 4, "more")).empty());
}

TEST_CASE("an event with something missing before it waits for a snapshot") {
    job_follower follower;
    auto job = running();
    static_cast<void>(follower.snapshot(job));
    CHECK(follower.event(output(0, 10, "later")).empty());
    CHECK(follower.wants_snapshot());
    job.results = {command("0123456789later"), command("ne")};
    const auto text = follower.snapshot(job);
    CHECK_FALSE(follower.wants_snapshot());
    CHECK(text.find("0123456789later") != std::string::npos);
    CHECK(follower.event(output(0, 10, "later")).empty());
    CHECK(count(follower.event(output(1, 2, "xt")), "event: output") == 1);
    CHECK(follower.event(output(2, 0, "third")).empty()); // the second has not ended yet
    CHECK(follower.wants_snapshot());
}

TEST_CASE("events that are not what they should be are passed over") {
    job_follower follower;
    static_cast<void>(follower.snapshot(running()));
    CHECK(follower.event(event("job.output", json::array())).empty());
    CHECK(follower.event(event("job.output", {{"index", "one"}, {"text", 5}})).empty());
    CHECK(follower.event(event("job.output", {{"index", 1'000'000'000'000}, {"text", "x"}})).empty());
    CHECK(follower.event(event("job", {{"state", "odd"}})).empty());
}
