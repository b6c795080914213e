// Orders that must not run, with both ends in one process.
#include "base/id.hpp"
#include "fleet_exec/joined.hpp"

#include <sys/stat.h>

using namespace ferrule;
using namespace std::chrono_literals;
using model::task_state;
using test::code_of;
using test::command_rig;
using test::count;
using test::json;
using test::over;
namespace exec = fleet::exec;

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
