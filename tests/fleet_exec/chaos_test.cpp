// A thousand commands while both ends are torn away at random over a link that loses, doubles and reorders: none runs
// twice, and each ends.
#include "fleet_exec/command_rig.hpp"

#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace ferrule;
using test::command_rig;
using namespace std::chrono_literals;
using model::task_state;

namespace {

constexpr int commands = 1000;

class storm {
  public:
    storm(command_rig& rig, std::filesystem::path file, unsigned seed)
        : rig_(rig)
        , file_(std::move(file))
        , random_(seed) {}

    test::asio::awaitable<void> rage() {
        for (int i = 0; i < commands; ++i) {
            co_await submit(i);
            co_await misfortune();
        }
    }

    std::map<std::string, int> ids; ///< Command → the number that it appends.
    int agent_restarts = 0;
    int controller_restarts = 0;

  private:
    int below(int most) { return std::uniform_int_distribution<int>(0, most - 1)(random_); }

    test::asio::awaitable<void> submit(int number) {
        static const std::vector<std::string> agents{"web1", "web2", "web3"};
        const std::vector<std::string> target{agents[static_cast<std::size_t>(below(3))]};
        auto line = "echo " + std::to_string(number) + " >> " + file_.string();
        if (below(3) == 0)
            line += "; sleep 0.0" + std::to_string(below(10));
        auto wanted = command_rig::asking(line, target);
        wanted.ttl = 10min;
        auto made = co_await rig_.center().submit(std::move(wanted), command_rig::asker());
        ids.emplace(made.value().made.id, number);
        last_ = made->made.id;
    }

    test::asio::awaitable<void> misfortune() {
        const auto name = "web" + std::to_string(1 + below(3));
        switch (below(40)) {
        case 0:
            ++controller_restarts;
            co_await rig_.crash_controller();
            co_await rig_.start_controller();
            break;
        case 1:
        case 2:
            ++agent_restarts;
            co_await rig_.crash_agent(name);
            co_await rig_.start_agent(name);
            break;
        case 3:
        case 4:
            rig_.net().cut(name);
            break;
        case 5: {
            auto asked = co_await rig_.center().cancel(last_, command_rig::asker());
            (void)asked;
            break;
        }
        case 6:
        case 7:
            co_await rig_.center().wait(last_, 20ms); // the rest of the world has a turn
            break;
        default:
            break;
        }
    }

    command_rig& rig_;
    std::filesystem::path file_;
    std::mt19937 random_;
    std::string last_;
};

} // namespace

TEST_CASE("of a thousand commands under restarts of both ends over a bad link none runs twice and each ends") {
    const test::scratch_folder scratch;
    const auto file = scratch.path() / "ran";
    command_rig::wishes wanted;
    wanted.data = scratch.path();
    wanted.agents = {"web1", "web2", "web3"};
    wanted.seed = Catch::rngSeed();
    wanted.rude.drop = 50;
    wanted.rude.twice = 100;
    wanted.rude.delay = 200;
    command_rig rig(std::move(wanted));
    storm weather(rig, file, Catch::rngSeed());
    rig.wait(weather.rage());
    // Sooner or later the network is well again; orders that were lost are asked for when agents connect.
    rig.net().behave();
    for (const auto* agent : {"web1", "web2", "web3"})
        rig.net().cut(agent);
    std::map<int, std::size_t> times;
    std::map<task_state, int> ends;
    std::map<int, task_state> of;
    for (const auto& [id, number] : weather.ids) {
        rig.finished(id);
        const auto task = rig.tasks(id).at(0);
        REQUIRE(model::is_final(task.state));
        ++ends[task.state];
        of[number] = task.state;
    }
    // What a crash cut off from its agent may still be on its way to its line; the agents' own are over.
    for (const auto& line : test::lines_of(file))
        ++times[std::stoi(line)];
    std::string summary = std::to_string(weather.agent_restarts) + " restarts of agents, " +
                          std::to_string(weather.controller_restarts) + " of the controller:";
    for (const auto& [what, number] : ends)
        summary += " " + std::string(model::to_text(what)) + "=" + std::to_string(number);
    INFO(summary);
    REQUIRE(weather.ids.size() == commands);
    for (const auto& [number, end] : of) {
        INFO("command " << number << " is " << model::to_text(end) << " and ran " << times[number] << " times");
        CHECK(times[number] <= 1);
        if (end == task_state::succeeded)
            CHECK(times[number] == 1);
        if (end == task_state::refused || end == task_state::expired)
            CHECK(times[number] == 0);
        CHECK((end == task_state::succeeded || end == task_state::unknown || end == task_state::cancelled));
    }
    CHECK(ends[task_state::succeeded] > commands / 2);
    CHECK(weather.agent_restarts > 10);
    CHECK(weather.controller_restarts > 5);
    WARN(summary);
}
