// Commands from a request to their results, with both ends in one process.
#include "base/id.hpp"
#include "fleet_exec/joined.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <thread>

using namespace ferrule;
using namespace std::chrono_literals;
using model::task_state;
using test::code_of;
using test::command_rig;
using test::count;
using test::events;
using test::json;
using test::listen;
using test::over;
using test::until_state;

TEST_CASE("a command runs on its agent and its result comes back") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    const auto done = rig.run(command_rig::asking("echo out; echo err >&2; exit 3", {"web1"}));
    CHECK(done.state == task_state::failed);
    CHECK(done.result.exit_code == 3);
    CHECK(done.result.out == "out\n");
    CHECK(done.result.err == "err\n");
    CHECK(code_of(done) == "exit_code");
    REQUIRE(done.result.started_at);
    REQUIRE(done.result.finished_at);
    CHECK(*done.result.started_at <= *done.result.finished_at);
    const auto good = rig.run(command_rig::asking("true", {"web1"}));
    CHECK(good.state == task_state::succeeded);
    CHECK_FALSE(good.result.failed);
    const auto audit = rig.audit();
    REQUIRE(count(audit, "command.run") == 2);
    CHECK(audit.at(1)["who"] == "tester");
    CHECK(audit.at(1)["from"] == "192.0.2.1:1000");
    CHECK(audit.at(1)["details"]["shell"] == "echo out; echo err >&2; exit 3");
}

TEST_CASE("arguments reach the program as they were asked") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.exec = [](config::exec_settings& set) {
        auto& allowed = set.allow.emplace_back();
        allowed.program = "/usr/bin/printf";
        allowed.more_args = ".*";
        set.environment = {"GREETING"};
        set.directories = {"/tmp"};
    };
    command_rig rig(std::move(wanted));
    auto asked = command_rig::asking("", {"web1"});
    asked.what.argv = {"/usr/bin/printf", "%s|%s", "$GREETING", "a  b"};
    CHECK(rig.run(asked).result.out == "$GREETING|a  b");
    asked = command_rig::asking("echo $GREETING; pwd", {"web1"});
    asked.what.environment = {{"GREETING", "hello"}};
    asked.what.directory = "/tmp";
    CHECK(rig.run(asked).result.out == "hello\n/tmp\n");
}

TEST_CASE("output is told while the command runs") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    auto heard = listen(rig);
    const auto fifo = scratch.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto id =
        rig.submit(command_rig::asking("echo before; read line < " + fifo.string() + "; echo $line", {"web1"}));
    std::string told;
    rig.wait([](events& from, std::string& into) -> test::asio::awaitable<void> {
        while (into != "before\n") {
            const auto deadline = base::system_clock().steady_now() + 60s;
            const auto came = co_await from->next(deadline);
            if (came.empty())
                throw std::runtime_error("no output comes");
            for (const auto& each : came)
                if (each->topic == "command.output")
                    into += json::parse(each->data)["text"].get<std::string>();
        }
    }(heard, told));
    CHECK(rig.tasks(id).at(0).result.out == "before\n"); // for those who begin to watch now
    CHECK(rig.tasks(id).at(0).state == task_state::running);
    std::ofstream(fifo) << "after\n";
    rig.finished(id);
    CHECK(rig.tasks(id).at(0).result.out == "before\nafter\n");
}

TEST_CASE("a command that takes too long is ended and told so") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    auto wanted = command_rig::asking("echo on; sleep 100", {"web1"});
    wanted.what.timeout = 300ms;
    const auto late = rig.run(std::move(wanted));
    CHECK(late.state == task_state::timed_out);
    CHECK(code_of(late) == "timed_out");
    CHECK(late.result.out == "on\n");
}

TEST_CASE("a group, labels or all agents are asked, each once") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.agents = {"web1", "web2", "db1x"};
    command_rig rig(std::move(wanted));
    const auto agents = [&rig](model::command_targets on) {
        auto asked = command_rig::asking("true", {});
        asked.on = std::move(on);
        const auto id = rig.submit(std::move(asked));
        CHECK(rig.finished(id).counts[static_cast<std::size_t>(task_state::succeeded)] == rig.tasks(id).size());
        std::vector<std::string> names;
        for (const auto& each : rig.tasks(id))
            names.push_back(each.agent);
        return names;
    };
    model::command_targets on;
    on.all = true;
    CHECK(agents(on) == std::vector<std::string>{"db1x", "web1", "web2"});
    on = {};
    on.group = "web";
    CHECK(agents(on) == std::vector<std::string>{"web1", "web2"});
    on = {};
    on.tags = {{"name", "web2"}, {"group", "web"}};
    CHECK(agents(on) == std::vector<std::string>{"web2"});
    on.tags = {{"name", "web2"}, {"group", "db1"}};
    auto asked = command_rig::asking("true", {});
    asked.on = on;
    CHECK(rig.try_submit(asked).error().code() == "no_targets");
    CHECK(rig.try_submit(command_rig::asking("true", {"web1", "web9"})).error().code() == "agent_not_found");
}

TEST_CASE("an agent that is away gets what has not expired when it comes, in the order in which it was asked") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.exec = [](config::exec_settings& set) { set.max_running = 1; };
    command_rig rig(std::move(wanted));
    rig.wait(rig.crash_agent("web1"));
    const auto file = scratch.path() / "ran";
    auto brief = command_rig::asking("echo brief >> " + file.string(), {"web1"});
    brief.ttl = 1s;
    const auto lost = rig.submit(brief);
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(rig.submit(command_rig::asking("echo " + std::to_string(i) + " >> " + file.string(), {"web1"})));
    rig.finished(lost);
    CHECK(rig.tasks(lost).at(0).state == task_state::expired);
    CHECK(rig.tasks(ids[0]).at(0).state == task_state::queued);
    rig.wait(rig.crash_controller()); // it is on disk
    rig.wait(rig.start_controller());
    rig.wait(rig.start_agent("web1"));
    for (const auto& id : ids) {
        rig.finished(id);
        CHECK(rig.tasks(id).at(0).state == task_state::succeeded);
    }
    CHECK(test::lines_of(file) == std::vector<std::string>{"0", "1", "2", "3", "4"});
}

TEST_CASE("what is unfinished of an agent that is revoked ends at once, and says whether it may have run") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.agents = {"web1", "web2"};
    command_rig rig(std::move(wanted));
    rig.wait(rig.crash_agent("web2"));
    const auto file = scratch.path() / "begun";
    const auto runs = rig.submit(command_rig::asking("echo x > " + file.string() + "; sleep 60", {"web1"}));
    const auto waits = rig.submit(command_rig::asking("true", {"web2"}));
    while (test::lines_of(file).empty())
        std::this_thread::yield();
    for (const auto* agent : {"web1", "web2"}) {
        rig.directory().revoke(agent);
        rig.center().agent_changed(agent);
    }
    rig.finished(runs);
    rig.finished(waits);
    const auto begun = rig.tasks(runs).at(0);
    CHECK(begun.state == task_state::unknown);
    REQUIRE(begun.result.failed);
    CHECK(begun.result.failed->code() == "agent_revoked");
    const auto never = rig.tasks(waits).at(0);
    CHECK(never.state == task_state::refused);
    REQUIRE(never.result.failed);
    CHECK(never.result.failed->code() == "agent_revoked");
}

TEST_CASE("a command that was cut off by the end of its agent is unknown and does not run again") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    auto heard = listen(rig);
    const auto file = scratch.path() / "ran";
    const auto id = rig.submit(command_rig::asking("echo ran >> " + file.string() + "; sleep 0.2", {"web1"}));
    rig.wait(until_state(rig, heard, id, task_state::running));
    rig.wait(rig.crash_agent("web1"));
    CHECK_FALSE(model::is_final(rig.tasks(id).at(0).state));
    rig.wait(rig.start_agent("web1"));
    rig.finished(id);
    const auto cut = rig.tasks(id).at(0);
    CHECK(cut.state == task_state::unknown);
    CHECK(code_of(cut) == "interrupted");
    CHECK(test::lines_of(file) == std::vector<std::string>{"ran"});
}

TEST_CASE("an end that finds no room on the agent's disk is told at once, and once more when there is room") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    rig.net().disks_are_full = true;
    const auto id = rig.submit(command_rig::asking("echo done", {"web1"}));
    rig.finished(id);
    const auto told = rig.tasks(id).at(0);
    CHECK(told.state == task_state::succeeded);
    CHECK(told.result.out == "done\n");
    rig.net().disks_are_full = false;
    CHECK(rig.run(command_rig::asking("echo next", {"web1"})).state == task_state::succeeded);
    CHECK(rig.wait(rig.center().get(id)).value().counts == rig.finished(id).counts);
}

TEST_CASE("a command goes on while the controller is away, and its result comes when it is back") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    auto heard = listen(rig);
    const auto fifo = scratch.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto id = rig.submit(command_rig::asking("read line < " + fifo.string() + "; echo $line", {"web1"}));
    rig.wait(until_state(rig, heard, id, task_state::running));
    rig.wait(rig.crash_controller());
    std::ofstream(fifo) << "word\n";
    rig.wait(rig.start_controller());
    rig.finished(id);
    CHECK(rig.tasks(id).at(0).state == task_state::succeeded);
    CHECK(rig.tasks(id).at(0).result.out == "word\n");
}

TEST_CASE("cancelling ends what waits, what runs, and what has not left") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.agents = {"web1", "web2"};
    wanted.exec = [](config::exec_settings& set) { set.max_running = 1; };
    command_rig rig(std::move(wanted));
    auto heard = listen(rig);
    rig.wait(rig.crash_agent("web2"));
    const auto running = rig.submit(command_rig::asking("sleep 100", {"web1"}));
    rig.wait(until_state(rig, heard, running, task_state::running));
    const auto waiting = rig.submit(command_rig::asking("echo no", {"web1"}));
    const auto away = rig.submit(command_rig::asking("echo no", {"web2"}));
    for (const auto& id : {waiting, away, running}) {
        REQUIRE(rig.wait(rig.center().cancel(id, command_rig::asker())));
        rig.finished(id);
        const auto ended = rig.tasks(id).at(0);
        CHECK(ended.state == task_state::cancelled);
        CHECK(ended.result.out.empty());
        CHECK(rig.wait(rig.center().cancel(id, command_rig::asker())).error().code() == "command_finished");
    }
    CHECK(count(rig.audit(), "command.cancel") == 3);
    CHECK(rig.wait(rig.center().cancel(base::make_id(), command_rig::asker())).error().code() == "command_not_found");
}

TEST_CASE("so many commands run at once and the rest waits, and more than may wait are refused") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.exec = [](config::exec_settings& set) {
        set.max_running = 2;
        set.max_queued = 3;
    };
    command_rig rig(std::move(wanted));
    const auto fifo = scratch.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i)
        ids.push_back(rig.submit(command_rig::asking("read line < " + fifo.string(), {"web1"})));
    for (const auto i : {5U, 6U}) {
        rig.finished(ids[i]);
        CHECK(rig.tasks(ids[i]).at(0).state == task_state::refused);
        CHECK(code_of(rig.tasks(ids[i]).at(0)) == "overloaded");
    }
    const int held = ::open(fifo.c_str(), O_RDWR);
    REQUIRE(::write(held, "a\nb\nc\nd\ne\n", 10) == 10);
    for (const auto i : {0U, 1U, 2U, 3U, 4U})
        CHECK(rig.finished(ids[i]).finished_at);
    ::close(held);
}
