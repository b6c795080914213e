// The order of pinned jobs: what is accepted first runs first, once, whatever else goes on.
#include "devices/engine_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace ferrule;
using test::engine_rig;

namespace {

constexpr int device_count = 200;
constexpr int submitters = 5;
constexpr int each_submits = 10;

std::string device_name(int number) {
    return "d" + std::to_string(number);
}

/// Submits without waiting for an end; what was accepted, by id.
test::asio::awaitable<std::map<std::string, std::string>> submit_some(engine_rig& rig, std::string device,
                                                                      std::string prefix) {
    std::map<std::string, std::string> accepted;
    for (int i = 0; i < each_submits; ++i) {
        const auto text = prefix + "-" + std::to_string(i);
        const std::vector<std::string> commands{text};
        auto wanted = engine_rig::asking(device, commands);
        test::devices::submission by;
        auto made = co_await rig.engine().submit(std::move(wanted), std::move(by));
        accepted.emplace(made.value().job->id, text);
    }
    co_return accepted;
}

} // namespace

TEST_CASE(
    "200 devices with 50 pinned commands each at once: all run in the order of acceptance, none twice, none lost") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    for (int d = 0; d < device_count; ++d)
        rig.add_device(device_name(d), "ledger", {{"path", (scratch.path() / device_name(d)).string()}});

    std::vector<std::pair<int, std::future<std::map<std::string, std::string>>>> under_way;
    for (int s = 0; s < submitters; ++s)
        for (int d = 0; d < device_count; ++d)
            under_way.emplace_back(d, test::asio::co_spawn(rig.loop().make_strand(),
                                                           submit_some(rig, device_name(d), "s" + std::to_string(s)),
                                                           test::asio::use_future));
    std::map<int, std::map<std::string, std::string>> accepted;
    for (auto& [device, each] : under_way)
        accepted[device].merge(engine_rig::get(std::move(each)));

    for (int d = 0; d < device_count; ++d) {
        REQUIRE(accepted[d].size() == submitters * each_submits);
        std::vector<std::string> expected; // ids ascend with acceptance
        std::set<std::string> sessions;
        for (const auto& [id, text] : accepted[d]) {
            const auto last = rig.finished(id);
            REQUIRE(last->state == model::job_state::succeeded);
            REQUIRE(last->results.at(0).output == "done " + text + "\n");
            sessions.insert(last->session.value().id);
            expected.push_back(text);
        }
        CHECK(test::lines_of(scratch.path() / device_name(d)) == expected);
        CHECK(sessions.size() == 1);
    }
}

TEST_CASE("a job with other options closes the session and opens another, and order holds across both") {
    const test::scratch_folder scratch;
    engine_rig rig({scratch.path()});
    const auto path = (scratch.path() / "ledger").string();
    std::vector<std::string> ids;
    std::vector<std::string> expected;
    for (int i = 0; i < 40; ++i) {
        auto wanted = engine_rig::asking("", {"c" + std::to_string(i)});
        auto& at = wanted.inline_at.emplace().at;
        at.driver = "ledger";
        at.host = "one.test";
        at.options = base::dump(base::json{{"path", path}, {"variant", i / 3 % 2}});
        ids.push_back(rig.submit(std::move(wanted)));
        expected.push_back("c" + std::to_string(i));
    }
    std::vector<std::string> sessions;
    for (int i = 0; i < 40; ++i) {
        const auto last = rig.finished(ids[static_cast<std::size_t>(i)]);
        REQUIRE(last->state == model::job_state::succeeded);
        CHECK(last->session.value().reused == (i % 3 != 0));
        if (i % 3 == 0)
            sessions.push_back(last->session->id);
        CHECK(last->session->id == sessions.back());
    }
    CHECK(test::lines_of(path) == expected);
    CHECK(std::set<std::string>(sessions.begin(), sessions.end()).size() == 14);
    CHECK(rig.engine().sessions().size() == 1);
}

TEST_CASE("fifo jobs of one device run side by side up to the limit, and all run") {
    const test::scratch_folder scratch;
    engine_rig rig({.data = scratch.path(), .jobs = [](config::jobs_settings& jobs) { jobs.max_running_fifo = 3; }});
    rig.add_device("d", "echo");
    std::vector<std::string> ids;
    for (int i = 0; i < 30; ++i) {
        // The first three hold their places until they are cancelled.
        auto wanted = engine_rig::asking("d", {i < 3 ? "hang" : "print x"});
        wanted.how = model::strategy::fifo;
        ids.push_back(rig.submit(std::move(wanted)));
    }
    for (int i = 0; i < 3; ++i)
        rig.running(ids[static_cast<std::size_t>(i)]);
    CHECK(rig.engine().nodes().at(0).count == 3);
    for (std::size_t i = 3; i < ids.size(); ++i)
        CHECK(rig.state_of(ids[i]) == model::job_state::queued);
    REQUIRE(rig.wait(rig.engine().cancel(ids[1])));
    for (std::size_t i = 3; i < ids.size(); ++i)
        CHECK(rig.finished(ids[i])->state == model::job_state::succeeded);
    CHECK(rig.state_of(ids[0]) == model::job_state::running);
    CHECK(rig.state_of(ids[2]) == model::job_state::running);
    CHECK(rig.finished(ids[1])->state == model::job_state::cancelled);
    for (const auto i : {0U, 2U})
        REQUIRE(rig.wait(rig.engine().cancel(ids[i])));
    CHECK(rig.finished(ids[2])->error.value().code() == "cancelled");
}
