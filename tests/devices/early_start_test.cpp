// Jobs that change nothing begin while their record is being written; nobody hears of it before it is on disk.
#include "devices/engine_rig.hpp"
#include "devices/memory_backend.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/co_spawn.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

struct slow_store {
    slow_store() {
        engine_rig::wishes wanted;
        wanted.data = scratch.path();
        wanted.backend = std::make_unique<test::memory_backend>(store);
        rig.emplace(std::move(wanted));
        rig->add_device("d", "echo");
    }

    ~slow_store() { store->hold(false); }

    std::future<result<devices::accepted>> submit(model::job_request wanted) {
        auto on = rig->loop().make_strand();
        return test::asio::co_spawn(on, rig->engine().submit(std::move(wanted), {}), test::asio::use_future);
    }

    /// Until the only job has printed something, and its id.
    std::string printing() {
        std::string id;
        rig->wait(rig->until([&] {
            for (const auto& each : rig->table().unfinished()) {
                const auto shown = rig->table().view(each);
                if (!shown->results.empty() && !shown->results.front().output.empty())
                    id = shown->id;
            }
            return !id.empty();
        }));
        return id;
    }

    static bool answered(const std::future<result<devices::accepted>>& what) {
        return what.wait_for(0s) == std::future_status::ready;
    }

    const test::scratch_folder scratch;
    const std::shared_ptr<test::memory_store> store = std::make_shared<test::memory_store>();
    std::optional<engine_rig> rig;
};

model::job_request asking(const std::vector<std::string>& commands, model::strategy how) {
    auto wanted = engine_rig::asking("d", commands);
    wanted.how = how;
    return wanted;
}

} // namespace

TEST_CASE("a job that changes nothing runs while its record is being written, and is answered only afterwards") {
    slow_store on;
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    on.store->hold(true);
    auto answer = on.submit(asking({"print begun; hang"}, how));
    const auto id = on.printing();
    CHECK_FALSE(on.answered(answer));
    on.store->hold(false);
    CHECK(engine_rig::get(std::move(answer)).value().job->id == id);
    REQUIRE(on.rig->wait(on.rig->engine().cancel(id)));
    CHECK(on.rig->finished(id)->state == model::job_state::cancelled);
}

TEST_CASE("a job that ends before its record is on disk is final only afterwards, and its record is its end") {
    slow_store on;
    on.store->hold(true);
    auto answer = on.submit(asking({"print one"}, model::strategy::pinned));
    const auto id = on.printing();
    CHECK_FALSE(on.answered(answer));
    CHECK(on.rig->state_of(id) == model::job_state::running);
    on.store->hold(false);
    REQUIRE(engine_rig::get(std::move(answer)));
    CHECK(on.rig->finished(id)->state == model::job_state::succeeded);
    CHECK(on.store->rows["jobs"].at(id).value.find("\"succeeded\"") != std::string::npos);
}

TEST_CASE("a change waits until its record is on disk") {
    slow_store on;
    on.rig->add_device("other", "echo");
    on.store->hold(true);
    auto changing = asking({"print changed"}, GENERATE(model::strategy::pinned, model::strategy::fifo));
    changing.change = true;
    auto change = on.submit(changing);
    auto reading = on.submit(engine_rig::asking("other", {"print read"}));
    on.printing(); // the change came first, and would have begun first
    CHECK(on.rig->table().unfinished().size() == 1);
    on.store->hold(false);
    const auto id = engine_rig::get(std::move(change)).value().job->id;
    CHECK(on.rig->finished(id)->state == model::job_state::succeeded);
    REQUIRE(engine_rig::get(std::move(reading)));
}

TEST_CASE("a job that has begun and whose record cannot be written is ended, told to listeners and forgotten") {
    slow_store on;
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    const auto* const last_command = GENERATE("hang", "print two");
    const auto strand = on.rig->loop().make_strand();
    const auto events = on.rig->bus().subscribe(strand, [](const state::event& each) { return each.topic == "job"; });
    on.store->hold(true);
    on.store->fail(1);
    auto answer = on.submit(asking({"print begun", last_command}, how));
    const auto id = on.printing();
    on.store->hold(false);
    CHECK(engine_rig::get(std::move(answer)).error().code() == "store_failed");
    on.rig->wait(on.rig->until([&] { return on.rig->table().unfinished().empty(); }));
    CHECK(on.rig->wait(on.rig->engine().get(id)).error().code() == "job_not_found");
    CHECK(on.store->rows["jobs"].empty());
    CHECK(on.rig->figures().jobs_running.Value() == 0);
    CHECK(on.rig->figures().jobs_accepted.Value() == 0);
    std::vector<std::string> states;
    while (states.size() < 3)
        for (const auto& each : on.rig->wait(events->next(base::system_clock().steady_now() + 30s)))
            states.push_back(base::parse_json(each->data).value()["state"]);
    CHECK(states == std::vector<std::string>{"queued", "running", "failed"});
    // The device is free for the next.
    CHECK(on.rig->run(asking({"print next"}, how))->state == model::job_state::succeeded);
}

TEST_CASE("the jobs of a device keep their order when some of them begin early and others wait for their record") {
    slow_store on;
    on.store->hold(true);
    std::vector<std::future<result<devices::accepted>>> answers;
    for (int i = 0; i < 20; ++i) {
        auto wanted = asking({"count"}, model::strategy::pinned);
        wanted.change = i % 3 == 1;
        answers.push_back(on.submit(wanted));
        if (i == 10)
            on.store->hold(false);
    }
    std::vector<std::pair<std::string, int>> seen;
    for (auto& each : answers) {
        const auto id = engine_rig::get(std::move(each)).value().job->id;
        seen.emplace_back(id, std::stoi(on.rig->finished(id)->results.at(0).output));
    }
    std::sort(seen.begin(), seen.end());
    for (std::size_t i = 0; i < seen.size(); ++i)
        CHECK(seen[i].second == static_cast<int>(i) + 1);
}
