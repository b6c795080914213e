#include "api/command_follower.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using api::command_follower;
using base::json;
using model::task_state;

namespace {

model::command_task task(task_state state, std::string out = {}, const std::string& id = "t1") {
    model::command_task made;
    made.id = id;
    made.command = "c";
    made.agent = "web-" + id;
    made.state = state;
    made.result.out = std::move(out);
    return made;
}

model::fleet_command command(std::uint32_t total, bool over = false) {
    model::fleet_command made;
    made.id = "c";
    made.total = total;
    if (over)
        made.finished_at = base::wall_time{};
    return made;
}

state::event output(std::size_t offset, const std::string& text) {
    state::event made;
    made.topic = "command.output";
    made.key = "c";
    made.data =
        json{{"task", "t1"}, {"agent", "web-t1"}, {"stream", "stdout"}, {"offset", offset}, {"text", text}}.dump();
    return made;
}

state::event ended(const std::string& state) {
    ferrule::state::event made;
    made.topic = "command.task";
    made.key = "c";
    made.data = json{{"id", "t1"}, {"state", state}}.dump();
    return made;
}

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

} // namespace

TEST_CASE("who follows a command is told each byte of output once, from pictures and events alike") {
    command_follower follower;
    auto text = follower.command(command(1));
    CHECK(times(text, "event: state\n") == 1);
    text = follower.task(task(task_state::running, "abc"));
    CHECK(times(text, "\"text\":\"abc\"") == 1);
    CHECK(times(text, "event: task\n") == 1);
    CHECK(follower.event(output(0, "abc")).empty());
    CHECK(times(follower.event(output(2, "cd")), "\"offset\":3,\"stream\":\"stdout\",\"task\":\"t1\",\"text\":\"d\"") ==
          1);
    CHECK(follower.event(output(9, "x")).empty()); // something is missing before it
    CHECK(follower.take_wanted() == std::set<std::string>{"t1"});
    CHECK(follower.event(ended("succeeded")).empty());
    CHECK(follower.take_wanted() == std::set<std::string>{"t1"});
    text = follower.task(task(task_state::succeeded, "abcdefg"));
    CHECK(times(text, "\"text\":\"efg\"") == 1);
    CHECK(times(text, "event: result\n") == 1);
    CHECK(text.find("event: output") < text.find("event: result"));
    CHECK(follower.task(task(task_state::succeeded, "abcdefg")).empty());
    CHECK(follower.event(output(7, "late")).empty());
    CHECK(follower.wants_command());
    CHECK_FALSE(follower.ended());
    CHECK(times(follower.command(command(1, true)), "event: end\n") == 1);
    CHECK(follower.ended());
}

TEST_CASE("a command's end is told after all its results") {
    command_follower follower;
    CHECK(times(follower.command(command(2, true)), "event: end\n") == 0);
    CHECK_FALSE(follower.task(task(task_state::failed, "", "t1")).empty());
    CHECK(follower.command(command(2, true)).empty());
    CHECK_FALSE(follower.task(task(task_state::failed, "", "t2")).empty());
    CHECK(times(follower.command(command(2, true)), "event: end\n") == 1);
}
