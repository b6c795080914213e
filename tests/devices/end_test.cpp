// How jobs end: cancelled, expired, out of time, cut, refused, stopped at the first error.
#include "devices/engine_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace ferrule;
using namespace std::chrono_literals;
using test::engine_rig;

namespace {

engine_rig::wishes with(const test::scratch_folder& scratch, std::function<void(config::jobs_settings&)> jobs = {}) {
    engine_rig::wishes wanted;
    wanted.data = scratch.path();
    wanted.jobs = std::move(jobs);
    return wanted;
}

model::job_request asking(model::strategy how, const std::vector<std::string>& commands) {
    auto wanted = engine_rig::asking("d", commands);
    wanted.how = how;
    return wanted;
}

} // namespace

TEST_CASE("cancelling: a queued job never runs, a running one ends, the lane serves the next, a final one refuses") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    const auto path = scratch.path() / "ledger";
    rig.add_device("d", "ledger", {{"path", path.string()}, {"pause_ms", 60'000}});
    const auto first = rig.submit("d", {"first", "never"});
    const auto second = rig.submit("d", {"second"});
    const auto third = rig.submit("d", {"third"});
    rig.printing(first);

    const auto queued = rig.wait(rig.engine().cancel(second));
    REQUIRE(queued);
    CHECK((*queued)->state == model::job_state::cancelled);
    CHECK((*queued)->error.value().code() == "cancelled");
    CHECK((*queued)->error->message() == "it was cancelled while it waited");
    CHECK_FALSE((*queued)->started_at);

    REQUIRE(rig.wait(rig.engine().cancel(first)));
    const auto cut = rig.finished(first);
    CHECK(cut->state == model::job_state::cancelled);
    CHECK(cut->results.at(0).output == "done first\n");
    CHECK(cut->results.at(1).skipped);

    rig.printing(third); // a cancelled job leaves nothing behind that would cancel the next
    CHECK(rig.state_of(third) == model::job_state::running);
    REQUIRE(rig.wait(rig.engine().cancel(third)));
    CHECK(rig.finished(third)->state == model::job_state::cancelled);
    CHECK(test::lines_of(path) == std::vector<std::string>{"first", "third"});

    const auto late = rig.wait(rig.engine().cancel(first));
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "job_finished");
    const auto nobody = rig.wait(rig.engine().cancel("nothing"));
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().code() == "job_not_found");
}

TEST_CASE("a job that is cancelled while it connects ends, and the next one connects") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    rig.add_device("d", "echo", {{"open", "hang"}});
    const auto id = rig.submit(asking(how, {"x"}));
    rig.running(id);
    REQUIRE(rig.wait(rig.engine().cancel(id)));
    CHECK(rig.finished(id)->state == model::job_state::cancelled);
    rig.add_device("d", "echo");
    CHECK(rig.run(asking(how, {"x"}))->state == model::job_state::succeeded);
    if (how == model::strategy::fifo)
        rig.wait(rig.until([&rig] { return rig.node().sessions == 0; }));
}

TEST_CASE("a job that is cancelled while the session before it closes does not connect") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo", {{"close", "stall 300ms"}});
    rig.run("d", {"x"});
    rig.add_device("d", "echo", {{"other", 1}});
    const auto id = rig.submit("d", {"x"});
    rig.running(id);
    REQUIRE(rig.wait(rig.engine().cancel(id)));
    CHECK(rig.finished(id)->state == model::job_state::cancelled);
    CHECK(rig.figures().sessions_opened.Value() == 1);
    CHECK(rig.run("d", {"x"})->state == model::job_state::succeeded);
}

TEST_CASE(
    "jobs that wait behind a long one expire when their time is over, not before, and the order of the rest holds") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    rig.add_device("d", "echo");
    rig.node().limits.max_running_fifo = 1;
    const auto long_one = rig.submit(asking(how, {"hang"}));
    auto wanted = asking(how, {"x"});
    wanted.ttl = 100ms;
    const auto late = rig.submit(wanted);
    const auto patient = rig.submit(asking(how, {"count"}));
    const auto last = rig.finished(late);
    CHECK(last->state == model::job_state::expired);
    CHECK(last->error.value().code() == "expired");
    CHECK(last->error->retryable());
    CHECK(last->finished_at.value() - last->created_at >= 100ms);
    CHECK(rig.state_of(long_one) == model::job_state::running);
    CHECK(rig.state_of(patient) == model::job_state::queued);
    REQUIRE(rig.wait(rig.engine().cancel(long_one)));
    CHECK(rig.finished(patient)->state == model::job_state::succeeded);
}

TEST_CASE("a job that runs longer than its timeout fails with deadline, and the next one runs on a fresh session") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    rig.add_device("d", "echo");
    auto wanted = asking(how, {"print a", "print b; hang", "print c"});
    wanted.timeout = 150ms;
    const auto last = rig.run(wanted);
    CHECK(last->state == model::job_state::failed);
    CHECK(last->error.value().code() == "deadline");
    REQUIRE(last->results.size() == 3);
    CHECK(last->results[0].output == "a\n");
    CHECK_FALSE(last->results[0].failed);
    CHECK(last->results[1].output == "b\n");
    CHECK(last->results[1].failed.value().code() == "deadline");
    CHECK(last->results[2].skipped);
    const auto next = rig.run(asking(how, {"count"}));
    CHECK(next->results.at(0).output == "1\n");
}

TEST_CASE("a driver that does not listen to its cancellation cannot hold the lane") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {"deaf"});
    wanted.timeout = 50ms;
    CHECK(rig.run(wanted)->error.value().code() == "plugin_unresponsive");
    CHECK(rig.run("d", {"x"})->state == model::job_state::succeeded);
    rig.stop(100ms); // the deaf operation is left behind
}

TEST_CASE("output over the limit is cut and says so") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.output_limit = config::byte_size{4096}; }));
    rig.add_device("d", "echo");
    const auto last = rig.run("d", {"emit 4096", "emit 100000"});
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->results.at(0).output.size() == 4096);
    CHECK_FALSE(last->results.at(0).truncated);
    CHECK(last->results.at(1).output.size() == 4096);
    CHECK(last->results.at(1).truncated);
}

TEST_CASE("what all commands of a job print together is kept up to a limit as well, without holes") {
    const test::scratch_folder scratch;
    engine_rig rig(
        with(scratch, [](config::jobs_settings& jobs) { jobs.job_output_limit = config::byte_size{10'000}; }));
    rig.add_device("d", "echo");
    const auto last = rig.run("d", {"emit 6000", "emit 6000", "print more", "exit 0"});
    CHECK(last->state == model::job_state::succeeded);
    CHECK(last->results.at(0).output.size() == 6000);
    CHECK_FALSE(last->results.at(0).truncated);
    CHECK(last->results.at(1).output.size() == 4000);
    CHECK(last->results.at(1).truncated);
    CHECK(last->results.at(2).output.empty());
    CHECK(last->results.at(2).truncated);
    CHECK_FALSE(last->results.at(3).truncated);
    CHECK(rig.run("d", {"emit 6000"})->results.at(0).output.size() == 6000);
}

TEST_CASE("the output of a configuration is kept up to the limit of each line") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.output_limit = config::byte_size{1024}; }));
    rig.add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {});
    wanted.config = {"emit 1024", "emit 1025"};
    wanted.change = true;
    const auto last = rig.run(wanted);
    CHECK(last->results.at(0).output.size() == 1024);
    CHECK_FALSE(last->results.at(0).truncated);
    CHECK(last->results.at(1).output.size() == 1024);
    CHECK(last->results.at(1).truncated);
}

TEST_CASE("jobs that are cancelled while others take all places do not pile up") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.max_running_fifo = 1; }));
    rig.add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {"hang"});
    wanted.how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    const auto runs = rig.submit(wanted);
    rig.running(runs);
    std::vector<std::weak_ptr<test::devices::job_entry>> entries;
    for (int i = 0; i < 200; ++i) {
        const auto id = rig.submit(wanted);
        entries.push_back(rig.table().find(id));
        REQUIRE(rig.wait(rig.engine().cancel(id)));
    }
    const auto left = std::count_if(entries.begin(), entries.end(), [](const auto& each) { return !each.expired(); });
    CHECK(left < 50);
    REQUIRE(rig.wait(rig.engine().cancel(runs)));
}

TEST_CASE("a command that the device refuses fails the job, the rest is skipped unless the request says otherwise") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    auto wanted = engine_rig::asking("d", {"print a", "refuse command_rejected", "exit 3"});
    wanted.stop_on_error = GENERATE(true, false);
    const auto last = rig.run(wanted);
    CHECK(last->state == model::job_state::failed);
    CHECK(last->error.value().code() == "command_rejected");
    CHECK(last->error->message() == "command 2 of 3: The script says: refused.");
    REQUIRE(last->results.size() == 3);
    CHECK(last->results[1].failed.value().code() == "command_rejected");
    CHECK(last->results[2].skipped == wanted.stop_on_error);
    CHECK(last->results[2].exit_status.value_or(-1) == (wanted.stop_on_error ? -1 : 3));
    CHECK(rig.run("d", {"x"})->session.value().reused); // the session lives
}

TEST_CASE("configuration comes back line by line, with the first error and what was skipped after it") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    model::job_request wanted;
    wanted.device = "d";
    wanted.config = {"interface lo", "bad line", "description x"};
    wanted.change = true;
    const auto last = rig.run(wanted);
    CHECK(last->state == model::job_state::failed);
    CHECK(last->error.value().code() == "command_rejected");
    CHECK(last->error->message() == "line 2 of 3: The line starts with bad.");
    CHECK(base::parse_json(last->error->details()).value() == base::json{{"index", 1}});
    REQUIRE(last->results.size() == 3);
    CHECK(last->results[0].command == "interface lo");
    CHECK_FALSE(last->results[0].failed);
    CHECK(last->results[1].failed.value().code() == "command_rejected");
    CHECK(last->results[2].skipped);
}

TEST_CASE("an idempotency key makes one job of two requests, refuses another request, and ends with its window") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    const auto first = rig.try_submit(engine_rig::asking("d", {"x"}), "key");
    REQUIRE(first);
    CHECK_FALSE(first->repeated);
    const auto again = rig.try_submit(engine_rig::asking("d", {"x"}), "key");
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->job->id == first->job->id);
    const auto other = rig.try_submit(engine_rig::asking("d", {"y"}), "key");
    REQUIRE_FALSE(other);
    CHECK(other.error().code() == "idempotency_conflict");

    store::record use("idempotency", test::devices::idempotency::scoped("tester", "key"),
                      R"({"job":"gone","fingerprint":"other"})");
    use.expires_at_ms = 1; // over, though the store has not removed it yet
    REQUIRE(rig.wait(rig.store().put(use)));
    const auto fresh = rig.try_submit(engine_rig::asking("d", {"y"}), "key");
    REQUIRE(fresh);
    CHECK_FALSE(fresh->repeated);
}

TEST_CASE("requests with one key at the same time make one job") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    std::vector<std::future<result<test::devices::accepted>>> all;
    for (int i = 0; i < 50; ++i) {
        test::devices::submission by;
        by.idempotency_key = "key";
        all.push_back(test::asio::co_spawn(
            rig.loop().make_strand(), rig.engine().submit(engine_rig::asking("d", {"x"}), by), test::asio::use_future));
    }
    std::set<std::string> ids;
    for (auto& each : all) {
        const auto made = engine_rig::get(std::move(each));
        if (made)
            ids.insert(made->job->id);
        else
            CHECK(made.error().code() == "idempotency_in_progress");
    }
    CHECK(ids.size() == 1);
}

TEST_CASE("a listing by state shows jobs in the state in which they are") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    rig.run("d", {"x"});
    const auto running = rig.submit("d", {"hang"});
    std::vector<std::string> queued;
    for (int i = 0; i < 5; ++i)
        queued.push_back(rig.submit("d", {"x"}));
    rig.running(running);
    const auto ids = [&rig](std::optional<model::job_state> state, const std::string& cursor = {},
                            std::uint32_t limit = 50) {
        test::devices::job_query query;
        query.state = state;
        query.cursor = cursor;
        query.limit = limit;
        const auto page = rig.wait(rig.engine().list(query)).value();
        std::vector<std::string> found;
        for (const auto& each : page.items) {
            found.push_back(each->id);
            CHECK((!state || each->state == *state));
        }
        if (page.next)
            found.push_back("next " + *page.next);
        return found;
    };
    CHECK(ids(model::job_state::running) == std::vector<std::string>{running});
    CHECK(ids(model::job_state::queued).size() == 5);
    CHECK(ids(model::job_state::queued, {}, 2) == std::vector<std::string>{queued[4], queued[3], "next " + queued[3]});
    CHECK(ids(model::job_state::queued, queued[3], 3) == std::vector<std::string>{queued[2], queued[1], queued[0]});
    CHECK(ids(model::job_state::succeeded).size() == 1);
    CHECK(ids(std::nullopt, {}, 3).size() == 4);
    CHECK(ids(std::nullopt).size() == 7);
    REQUIRE(rig.wait(rig.engine().cancel(running)));
}

TEST_CASE("secrets of a request stand sealed in the store while the job waits, and nowhere once it is final") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    const auto blocker = rig.submit("d", {"hang"});
    auto wanted = engine_rig::asking("d", {"print hello"});
    auto& prompt = wanted.commands[0].prompts.emplace_back();
    prompt.pattern = "Password:";
    prompt.reply = base::secret("hush-hush");
    const auto id = rig.submit(wanted);
    const auto waiting = rig.wait(rig.store().get("jobs", id)).value().value().value;
    CHECK(waiting.find("sealed") != std::string::npos);
    CHECK(waiting.find("hush-hush") == std::string::npos);
    REQUIRE(rig.wait(rig.engine().cancel(blocker)));
    CHECK(rig.finished(id)->state == model::job_state::succeeded);
    const auto over = rig.wait(rig.store().get("jobs", id)).value().value().value;
    CHECK(over.find("sealed") == std::string::npos);
    CHECK(over.find("hush-hush") == std::string::npos);
}
