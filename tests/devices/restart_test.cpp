// A job that ends the process each time it runs does not do so for ever.
#include "devices/engine_rig.hpp"
#include "devices/memory_backend.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

/// One process after the other over the same store.
struct processes {
    engine_rig& next() {
        rig.reset();
        engine_rig::wishes wanted;
        wanted.data = scratch.path();
        wanted.backend = std::make_unique<test::memory_backend>(store);
        rig.emplace(std::move(wanted));
        return *rig;
    }

    const test::scratch_folder scratch;
    const std::shared_ptr<test::memory_store> store = std::make_shared<test::memory_store>();
    std::optional<engine_rig> rig;
};

} // namespace

TEST_CASE("a job that reads and that three processes did not survive is not begun again") {
    processes all;
    all.next().add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {"hang"});
    wanted.how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    const auto id = all.rig->submit(wanted);
    for (int process = 1; process <= 3; ++process) {
        INFO("process " << process);
        all.rig->running(id);
        CHECK(all.rig->state_of(id) == model::job_state::running);
        all.rig->stop(1ms); // leaves it as a crash does
        all.next();
    }
    const auto last = all.rig->wait(all.rig->engine().get(id)).value();
    CHECK(last->state == model::job_state::failed);
    REQUIRE(last->error);
    CHECK(last->error->code() == "interrupted");
    CHECK(
        last->error->message() ==
        "the daemon ended 3 times while this job ran, so it is not begun again: if it crashed, its log and the plugin "
        "of the device's driver are the places to look");
}

TEST_CASE("a job that only waited while processes came and went is run in the end") {
    processes all;
    all.next().add_device("d", "echo");
    const auto first = all.rig->submit("d", {"hang"});
    const auto second = all.rig->submit("d", {"print done"});
    for (int process = 1; process <= 3; ++process) {
        all.rig->running(first);
        all.rig->stop(1ms);
        all.next();
    }
    CHECK(all.rig->finished(second)->state == model::job_state::succeeded);
}
