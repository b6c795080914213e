// Commands from a request to their results, with both ends in one process.
#include "fleet_exec/command_rig.hpp"

#include "base/id.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include <algorithm>

using namespace ferrule;
using test::command_rig;
using test::json;
using namespace std::chrono_literals;
using model::task_state;
namespace exec = fleet::exec;

namespace {

command_rig::wishes over(const test::scratch_folder& scratch) {
    command_rig::wishes wanted;
    wanted.data = scratch.path();
    return wanted;
}

std::string code_of(const model::command_task& task) {
    return task.result.failed ? task.result.failed->code() : "";
}

std::size_t count(const std::vector<json>& audit, const std::string& what) {
    return static_cast<std::size_t>(
        std::count_if(audit.begin(), audit.end(), [&what](const json& each) { return each["what"] == what; }));
}

using events = std::unique_ptr<ferrule::state::subscription>;

events listen(command_rig& rig) {
    const ferrule::state::event_bus::filter all = [](const ferrule::state::event&) { return true; };
    return rig.bus().subscribe(rig.executor(), all);
}

/// Until the only task of a command is in a state, of which `heard` tells.
test::asio::awaitable<void> until_state(command_rig& rig, events& heard, std::string command, task_state wanted) {
    exec::task_query query;
    query.command = command;
    for (;;) {
        const auto page = co_await rig.center().tasks(query);
        if (page.value().items.at(0).state == wanted)
            co_return;
        const auto deadline = base::system_clock().steady_now() + 60s;
        const auto came = co_await heard->next(deadline);
        if (came.empty())
            throw std::runtime_error("the state does not come");
    }
}

} // namespace

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

TEST_CASE("what the agent does not allow is refused there, told why, and never runs later") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    bool shell = false;
    wanted.exec = [&shell](config::exec_settings& set) { set.shell = shell; };
    command_rig rig(std::move(wanted));
    const auto file = scratch.path() / "ran";
    const auto refused = rig.run(command_rig::asking("echo ran >> " + file.string(), {"web1"}));
    CHECK(refused.state == task_state::refused);
    CHECK(code_of(refused) == "shell_not_allowed");
    const auto order = rig.net().last_order;
    shell = true; // its owner changes the rules
    rig.wait(rig.crash_agent("web1"));
    rig.wait(rig.start_agent("web1"));
    rig.net().inject("web1", order);
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    CHECK(test::lines_of(file).empty());
}

TEST_CASE("a copied order is not run again, and both ends record it") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    const auto file = scratch.path() / "ran";
    CHECK(rig.run(command_rig::asking("echo ran >> " + file.string(), {"web1"})).state == task_state::succeeded);
    const auto order = rig.net().last_order;
    rig.net().inject("web1", order);
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    rig.wait(rig.crash_agent("web1")); // also after a restart
    rig.wait(rig.start_agent("web1"));
    rig.net().inject("web1", order);
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    CHECK(test::lines_of(file) == std::vector<std::string>{"ran"});
    const auto refusals = rig.refusals("web1");
    CHECK(refusals.size() == 2);
    for (const auto& each : refusals)
        CHECK(each["error"]["code"] == "replayed");
    CHECK(count(rig.audit(), "command.repeated") == 2);
}

TEST_CASE("altered, foreign and mis-addressed orders are refused, recorded at both ends, and end no task") {
    const test::scratch_folder scratch;
    auto wanted = over(scratch);
    wanted.agents = {"web1", "web2"};
    command_rig rig(std::move(wanted));
    const auto file = scratch.path() / "ran";
    const auto line = "echo ran >> " + file.string();
    CHECK(rig.run(command_rig::asking(line, {"web2"})).state == task_state::succeeded);
    const auto other_target = rig.net().last_order;
    const auto fifo = scratch.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto id = rig.submit(command_rig::asking("read line < " + fifo.string() + "; " + line, {"web1"}));
    auto altered = rig.net().last_order;
    auto text = altered["signed"].get<std::string>();
    text.replace(text.find("read line"), 9, "true     ");
    altered["signed"] = text;
    exec::order forged;
    forged.task_id = rig.tasks(id).at(0).id;
    forged.target = "web1";
    forged.issued_at = base::system_clock().wall_now();
    forged.not_after = forged.issued_at + 1min;
    forged.nonce = base::random_token(18);
    forged.spec.shell = line;
    forged.spec.timeout = 1s;
    const auto stranger = exec::seal(forged, exec::signing_key::make());
    // Its own key, but the id of a task that runs: only somebody who has the key could make it.
    const auto twin = exec::seal(forged, rig.key());
    for (const auto& bad : {other_target, altered, stranger, twin})
        rig.net().inject("web1", bad);
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    CHECK_FALSE(model::is_final(rig.tasks(id).at(0).state)); // the real one is not touched by it
    std::ofstream(fifo) << "go\n";
    rig.finished(id);
    CHECK(rig.tasks(id).at(0).state == task_state::succeeded);
    CHECK(test::lines_of(file).size() == 2);
    std::vector<std::string> codes;
    for (const auto& each : rig.refusals("web1"))
        codes.push_back(each["error"]["code"]);
    CHECK(codes == std::vector<std::string>{"wrong_target", "altered", "unknown_key", "replayed"});
    std::vector<std::string> told;
    for (const auto& each : rig.audit())
        if (each["what"] == "command.refused")
            told.push_back(each["details"]["error"]["code"]);
    CHECK(told == std::vector<std::string>{"replayed", "unknown_key", "altered", "wrong_target"});
}

TEST_CASE("an agent that trusts another key refuses, and the task ends") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    rig.wait(rig.crash_agent("web1"));
    rig.trust({exec::signing_key::make().shown().text()});
    rig.wait(rig.start_agent("web1"));
    const auto refused = rig.run(command_rig::asking("true", {"web1"}));
    CHECK(refused.state == task_state::refused);
    CHECK(code_of(refused) == "unknown_key");
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

TEST_CASE("an order that comes after its own cancellation does not run") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    const auto file = scratch.path() / "ran";
    exec::order late;
    late.task_id = base::make_id();
    late.target = "web1";
    late.issued_at = base::system_clock().wall_now();
    late.not_after = late.issued_at + 1min;
    late.nonce = base::random_token(18);
    late.spec.shell = "echo ran >> " + file.string();
    late.spec.timeout = 10s;
    auto cancel = late;
    cancel.what = exec::action::cancel;
    cancel.nonce = base::random_token(18);
    rig.net().inject("web1", exec::seal(cancel, rig.key()));
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    rig.net().inject("web1", exec::seal(late, rig.key()));
    CHECK(rig.run(command_rig::asking("true", {"web1"})).state == task_state::succeeded);
    CHECK(test::lines_of(file).empty());
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

TEST_CASE("a request that is sent again gets the same command, and another one under its key is refused") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    const auto first = rig.try_submit(command_rig::asking("true", {"web1"}), "k").value();
    CHECK_FALSE(first.repeated);
    const auto again = rig.try_submit(command_rig::asking("true", {"web1"}), "k").value();
    CHECK(again.repeated);
    CHECK(again.made.id == first.made.id);
    CHECK(rig.try_submit(command_rig::asking("false", {"web1"}), "k").error().code() == "idempotency_conflict");
    rig.finished(first.made.id);
}
