// Shutdown: what runs ends or is left to the next start, what waits stays in the store, and nothing is lost.
#include "devices/engine_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

std::string device_name(int number) {
    return "d" + std::to_string(number);
}

} // namespace

TEST_CASE("stopping while 100 jobs run and 1,000 wait loses none: what reads waits for the next start, changes that "
          "ran are unknown") {
    const test::scratch_folder scratch;
    const bool change = GENERATE(false, true);
    std::vector<std::string> ids;
    std::vector<std::string> begun;
    {
        engine_rig rig({scratch.path()});
        for (int d = 0; d < 100; ++d)
            rig.add_device(device_name(d), "echo", {{"open", "hang"}});
        for (int i = 0; i < 11; ++i)
            for (int d = 0; d < 100; ++d) {
                auto wanted = engine_rig::asking(device_name(d), {"print " + std::to_string(i)});
                wanted.how = d % 2 == 0 ? model::strategy::pinned : model::strategy::fifo;
                wanted.change = change;
                wanted.timeout = 10min;
                ids.push_back(rig.submit(std::move(wanted)));
            }
        for (int d = 0; d < 100; d += 2)
            rig.running(ids[static_cast<std::size_t>(d)]);
        for (const auto& id : ids)
            if (rig.state_of(id) == model::job_state::running)
                begun.push_back(id);
        REQUIRE(begun.size() >= 100);
        rig.stop(50ms);
        const auto refused = rig.try_submit(engine_rig::asking(device_name(0), {"x"}));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == "shutting_down");
        CHECK(rig.node().sessions == 0);
    }
    {
        engine_rig rig({scratch.path()});
        std::set<std::string> unknown;
        for (const auto& id : ids) {
            // Those that wait behind a hanging login are cancelled; what counts here is that none is lost.
            const auto now = rig.wait(rig.engine().get(id)).value();
            if (now->state == model::job_state::unknown) {
                unknown.insert(id);
                CHECK(now->error.value().code() == "interrupted");
            } else {
                CHECK_FALSE(model::is_final(now->state));
            }
        }
        if (!change)
            CHECK(unknown.empty());
        for (const auto& id : begun)
            CHECK(unknown.contains(id) == change);
        rig.stop(50ms);
    }
}

TEST_CASE("a job that ends within the grace is recorded before the process goes") {
    const test::scratch_folder scratch;
    std::string id;
    {
        engine_rig rig({scratch.path()});
        rig.add_device("d", "echo");
        id = rig.submit("d", {"print begun; sleep 200ms; print whole"});
        rig.printing(id);
        rig.stop(30s);
    }
    engine_rig rig({scratch.path()});
    const auto last = rig.wait(rig.engine().get(id)).value();
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->results.at(0).output == "begun\nwhole\n");
}

TEST_CASE("what waited is run after a restart in the order of acceptance, before what comes new") {
    const test::scratch_folder scratch;
    const auto path = scratch.path() / "ledger";
    std::vector<std::string> ids;
    std::vector<std::string> expected;
    {
        engine_rig rig({scratch.path()});
        rig.add_device("d", "ledger", {{"path", path.string()}, {"pause_ms", 60'000}});
        for (int i = 0; i < 50; ++i) {
            expected.push_back("c" + std::to_string(i));
            ids.push_back(rig.submit("d", {expected.back()}));
        }
        rig.printing(ids[0]);
        rig.stop(1ms);
    }
    CHECK(test::lines_of(path) == std::vector<std::string>{"c0"});
    std::filesystem::remove(path);
    {
        engine_rig rig({scratch.path()}); // c0 is read-only and runs again
        rig.wait(rig.engine().cancel(ids[0])).value();
        rig.stop(1ms);
    }
    std::filesystem::remove(path);
    engine_rig rig({scratch.path()});
    CHECK(rig.finished(ids[0])->state == model::job_state::cancelled);
    for (std::size_t i = 1; i < ids.size(); ++i) {
        rig.printing(ids[i]);
        rig.wait(rig.engine().cancel(ids[i])).value();
    }
    expected.erase(expected.begin());
    CHECK(test::lines_of(path) == expected);
}

TEST_CASE("a check of an idle session that hangs does not hold up the end") {
    const test::scratch_folder scratch;
    engine_rig::wishes wanted;
    wanted.data = scratch.path();
    wanted.jobs = [](config::jobs_settings& jobs) {
        jobs.keepalive.probe = 1ms;
        jobs.idle_timeout = 10min;
    };
    engine_rig rig(std::move(wanted));
    rig.add_device("d", "echo", {{"keepalive", "hang"}});
    rig.run("d", {"x"});
    rig.stop(90s); // the rig gives up after 100 s
    CHECK(rig.node().sessions == 0);
}
