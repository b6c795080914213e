// A store that fails: nothing is accepted that is not on disk, and nothing is shown as final that is not.
#include "devices/engine_rig.hpp"
#include "devices/memory_backend.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

engine_rig::wishes over(const test::scratch_folder& scratch, const std::shared_ptr<test::memory_store>& store) {
    engine_rig::wishes wanted;
    wanted.data = scratch.path();
    wanted.backend = std::make_unique<test::memory_backend>(store);
    return wanted;
}

} // namespace

TEST_CASE("a job whose record cannot be written is refused with the store's error, and nothing of it is left") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    engine_rig rig(over(scratch, store));
    rig.add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {"count"});
    wanted.how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    wanted.change = GENERATE(false, true);
    const bool with_key = GENERATE(false, true);
    store->fail(1);
    const auto refused = rig.try_submit(wanted, with_key ? "key" : "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "store_failed");
    CHECK(refused.error().retryable());
    // One that changes nothing may have begun meanwhile.
    rig.wait(rig.until([&] { return rig.table().unfinished().empty(); }));
    CHECK(rig.table().queued() == 0);
    CHECK(rig.figures().jobs_queued.Value() == 0);
    CHECK(rig.figures().jobs_running.Value() == 0);
    const auto next = rig.try_submit(wanted, with_key ? "key" : "");
    REQUIRE(next);
    CHECK_FALSE(next->repeated);
    const auto last = rig.finished(next->job->id);
    if (wanted.change)
        CHECK(last->results.at(0).output == "1\n");
    CHECK(store->rows["jobs"].size() == 1);
}

TEST_CASE("jobs that are refused by the store do not hold up those behind them") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    engine_rig rig(over(scratch, store));
    rig.add_device("d", "echo");
    store->fail(5);
    std::vector<std::future<result<test::devices::accepted>>> all;
    for (int i = 0; i < 200; ++i)
        all.push_back(test::asio::co_spawn(
            rig.loop().make_strand(), rig.engine().submit(engine_rig::asking("d", {"x"}), {}), test::asio::use_future));
    int refused = 0;
    for (auto& each : all) {
        const auto made = engine_rig::get(std::move(each));
        if (made)
            CHECK(rig.finished(made->job->id)->state == model::job_state::succeeded);
        else
            ++refused;
    }
    CHECK(refused >= 5);
    CHECK(rig.table().queued() == 0);
}

TEST_CASE("the end of a job that cannot be written is tried again, and until then the job is not shown as final") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    engine_rig rig(over(scratch, store));
    rig.add_device("d", "echo");
    const bool retryable = GENERATE(true, false);
    const auto id = rig.submit("d", {"print begun; sleep 100ms"});
    rig.printing(id);
    store->fail(3, retryable);
    store->wait_refused(1);
    CHECK(rig.state_of(id) == model::job_state::running);
    CHECK_FALSE(rig.wait(rig.engine().wait(id, 1ms)).value()->finished_at);
    CHECK(rig.finished(id)->state == model::job_state::succeeded);
    CHECK(store->rows["jobs"].at(id).value.find("\"succeeded\"") != std::string::npos);
}

TEST_CASE("a job whose output is too large for the store ends without it, and says that it was cut") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    store->largest = 4000;
    engine_rig rig(over(scratch, store));
    rig.add_device("d", "echo");
    const auto last = rig.run("d", {"emit 10000", "print small", "exit 7"});
    CHECK(last->state == model::job_state::succeeded);
    REQUIRE(last->results.size() == 3);
    CHECK(last->results[0].output.empty());
    CHECK(last->results[0].truncated);
    CHECK(last->results[1].truncated);
    CHECK_FALSE(last->results[2].truncated);
    CHECK(last->results[2].exit_status == 7);
    const auto kept = rig.wait(rig.records().get(last->id));
    REQUIRE(kept.value());
    CHECK((*kept)->state == model::job_state::succeeded);
    CHECK(rig.run("d", {"count"})->results.at(0).output == "4\n");
}

TEST_CASE("a change whose start cannot be written does not reach the device") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    engine_rig rig(over(scratch, store));
    rig.add_device("d", "echo");
    const auto blocker = rig.submit("d", {"print x; hang"});
    rig.printing(blocker);
    auto wanted = engine_rig::asking("d", {"print reached"});
    wanted.change = true;
    const auto id = rig.submit(wanted);
    store->fail(2); // the end of the blocker and the start of the change are one batch, or two
    REQUIRE(rig.wait(rig.engine().cancel(blocker)));
    const auto last = rig.finished(id);
    CHECK(last->state == model::job_state::failed);
    CHECK(last->error.value().code() == "store_failed");
    CHECK(last->results.empty());
    CHECK(rig.finished(blocker)->state == model::job_state::cancelled);
}

TEST_CASE("a damaged record keeps neither the start nor a listing from the others") {
    const test::scratch_folder scratch;
    const auto store = std::make_shared<test::memory_store>();
    std::string id;
    {
        engine_rig rig(over(scratch, store));
        rig.add_device("d", "echo");
        id = rig.submit("d", {"hang"});
        rig.stop(1ms);
    }
    for (const auto* damaged : {"", "[]", "{\"request\":{}}", "{\"request\":7,\"state\":\"queued\"}"})
        store->rows["jobs"]["damaged-" + std::to_string(store->rows["jobs"].size())] = {"x", damaged, 0};
    engine_rig rig(over(scratch, store));
    CHECK(rig.table().unfinished().size() == 1);
    const auto page = rig.wait(rig.engine().list({}));
    REQUIRE(page);
    CHECK(page->items.size() == 1);
    REQUIRE(rig.wait(rig.engine().cancel(id)));
}
