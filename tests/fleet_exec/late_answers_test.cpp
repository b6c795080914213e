// What agents tell that nobody awaits any more.
#include "base/id.hpp"
#include "fleet/exec/messages.hpp"
#include "fleet_exec/joined.hpp"

#include <future>

using namespace ferrule;
namespace exec = ferrule::fleet::exec;
using namespace std::chrono_literals;
using model::task_state;
using test::command_rig;
using test::json;
using test::over;

namespace {

void hand_in(command_rig& rig, std::string_view kind, std::vector<json> all) {
    std::promise<void> taken;
    rig.net().hand_in("web1", std::string(kind), std::move(all), [&taken] { taken.set_value(); });
    REQUIRE(taken.get_future().wait_for(60s) == std::future_status::ready);
}

} // namespace

TEST_CASE("answers that come after all, many at once, are all counted in their command") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    constexpr std::uint32_t many = 40;
    exec::command_records records(rig.records(), {}, base::system_clock());
    model::fleet_command command;
    command.id = base::make_id();
    command.request = command_rig::asking("true", {"web1"});
    command.created_at = command.not_after = base::system_clock().wall_now();
    command.finished_at = command.created_at;
    command.total = many;
    command.counts[static_cast<std::size_t>(task_state::unknown)] = many;
    std::vector<store::record> rows{records.make(command)};
    std::vector<json> answers;
    for (std::uint32_t i = 0; i < many; ++i) {
        model::command_task task;
        task.id = base::make_id();
        task.command = command.id;
        task.agent = "web1";
        task.state = task_state::unknown;
        task.result.failed.emplace("no_answer", "it was given up");
        rows.push_back(records.make(task));
        exec::task_end how;
        how.task = task.id;
        how.state = task_state::succeeded;
        answers.push_back(json::parse(exec::result_body(how, false, base::system_clock().wall_now())));
    }
    std::promise<bool> stored;
    records.write(std::move(rows), [&stored](const result<void>& done) { stored.set_value(static_cast<bool>(done)); });
    REQUIRE(stored.get_future().get());

    hand_in(rig, exec::result_kind, std::move(answers));
    const auto after = rig.wait(rig.center().get(command.id));
    REQUIRE(after);
    CHECK(after->counts[static_cast<std::size_t>(task_state::succeeded)] == many);
    CHECK(after->counts[static_cast<std::size_t>(task_state::unknown)] == 0);
    CHECK(after->finished_at);
}

TEST_CASE("what an agent says fills the audit neither at length nor without end, nor in another's place") {
    const test::scratch_folder scratch;
    command_rig rig(over(scratch));
    const auto refusal = [](const std::string& id) {
        return json{{"id", id},
                    {"task_id", std::string(1000, 't')},
                    {"digest", std::string(1000, 'd')},
                    {"error", {{"code", "c"}, {"message", std::string(10000, 'm')}}},
                    {"more", std::string(10000, 'x')}};
    };
    rig.run(command_rig::asking("true", {"web1"}));
    const auto others = rig.audit().at(0)["id"].get<std::string>();
    hand_in(rig, exec::refusal_kind, {refusal(others), refusal(others)});
    CHECK(test::count(rig.audit(), "command.refused") == 1); // told twice, and not lost behind the other's id

    std::vector<json> flood;
    for (int i = 0; i < 400; ++i)
        flood.push_back(refusal(base::make_id()));
    hand_in(rig, exec::refusal_kind, std::move(flood));
    const auto audit = rig.audit();
    const auto kept = test::count(audit, "command.refused");
    CHECK(kept >= 100);
    CHECK(kept < 300);
    for (const auto& each : audit)
        CHECK(each.dump().size() < 2000);
}
