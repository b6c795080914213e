// Pinned sessions: how long they stay, how they end, and what the next job makes of it.
#include "devices/engine_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <boost/asio/system_executor.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <map>

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

void no_session_left(engine_rig& rig) {
    rig.wait(rig.until([&rig] { return rig.engine().sessions().empty() && rig.node().sessions == 0; }));
}

double opened(engine_rig& rig) {
    return rig.figures().sessions_opened.Value();
}

} // namespace

TEST_CASE("a pinned session stays open for the next job and is closed when it was idle for its ttl") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.session_ttl = 300ms; }));
    rig.add_device("d", "echo");
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i)
        ids.push_back(rig.submit("d", {"count"}));
    for (std::size_t i = 0; i < 3; ++i) {
        const auto last = rig.finished(ids[i]);
        CHECK(last->session.value().reused == (i > 0));
        CHECK(last->results.at(0).output == std::to_string(i + 1) + "\n");
    }
    no_session_left(rig);
    CHECK_FALSE(rig.run("d", {"count"})->session.value().reused);
    CHECK(opened(rig) == 2);
}

TEST_CASE("a device may say for itself how long its idle session stays") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    model::device made;
    made.name = "d";
    made.at.driver = "echo";
    made.at.host = "d.test";
    made.session_ttl = base::duration(0);
    REQUIRE(rig.wait(rig.inventory().put(made)));
    rig.run("d", {"x"});
    no_session_left(rig);
}

TEST_CASE("a session that does not answer the check while idle is closed, and the next job opens another") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.keepalive.probe = 20ms; }));
    rig.add_device("d", "echo", {{"keepalive", "fail prompt_timeout"}});
    CHECK(rig.run("d", {"x"})->state == model::job_state::succeeded);
    no_session_left(rig);
    CHECK(rig.figures().sessions_lost.Value() == 1);
    const auto next = rig.run("d", {"x"});
    CHECK(next->state == model::job_state::succeeded);
    CHECK_FALSE(next->session.value().reused);
}

TEST_CASE("a check that gets no answer within jobs.idle_timeout ends the session") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) {
        jobs.keepalive.probe = 10ms;
        jobs.idle_timeout = 50ms;
    }));
    rig.add_device("d", "echo", {{"keepalive", "hang"}});
    CHECK(rig.run("d", {"x"})->state == model::job_state::succeeded);
    no_session_left(rig);
    CHECK(rig.figures().sessions_lost.Value() == 1);
    CHECK_FALSE(rig.run("d", {"x"})->session.value().reused);
}

TEST_CASE("closing a session while it is being checked is no loss") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.keepalive.probe = 1ms; }));
    rig.add_device("d", "echo", {{"keepalive", "hang"}});
    rig.run("d", {"x"});
    const bool force = GENERATE(true, false);
    REQUIRE(rig.wait(rig.engine().close_session(rig.engine().sessions().at(0).id, force)));
    no_session_left(rig);
    CHECK(rig.figures().sessions_lost.Value() == 0);
}

TEST_CASE(
    "a command that says nothing for jobs.idle_timeout fails, what it said before is kept, and the session goes") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.idle_timeout = 50ms; }));
    rig.add_device("d", "echo");
    const auto how = GENERATE(model::strategy::pinned, model::strategy::fifo);
    auto wanted = engine_rig::asking("d", {"print begun; silence", "never"});
    wanted.how = how;
    const auto last = rig.run(wanted);
    CHECK(last->state == model::job_state::failed);
    CHECK(last->error.value().code() == "prompt_timeout");
    CHECK(last->results.at(0).output == "begun\n");
    CHECK(last->results.at(0).failed.value().code() == "prompt_timeout");
    CHECK(last->results.at(1).skipped);
    no_session_left(rig);
    auto next = engine_rig::asking("d", {"count"});
    next.how = how;
    const auto after = rig.run(next);
    CHECK(after->results.at(0).output == "1\n");
    CHECK_FALSE(after->session.value().reused);
}

TEST_CASE("with a check interval of 0 an idle session is not checked") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.keepalive.probe = 0ms; }));
    rig.add_device("d", "echo", {{"keepalive", "fail prompt_timeout"}});
    rig.run("d", {"x"});
    CHECK(rig.run("d", {"x"})->session.value().reused);
    CHECK(rig.figures().sessions_lost.Value() == 0);
}

TEST_CASE("a session that is lost while idle is closed, and the next job runs on another") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    CHECK(rig.run("d", {"drop 1ms"})->state == model::job_state::succeeded);
    no_session_left(rig);
    const auto next = rig.run("d", {"count"});
    CHECK(next->state == model::job_state::succeeded);
    CHECK_FALSE(next->session.value().reused);
    CHECK(rig.figures().sessions_lost.Value() == 1);
}

TEST_CASE("a kept session that turns out to be dead at the first command: what reads is tried once on another, a "
          "change is not") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    const auto path = scratch.path() / "ledger";
    rig.add_device("d", "ledger", {{"path", path.string()}, {"lose_at", 2}});
    auto wanted = engine_rig::asking("d", {"second"});

    SECTION("what reads") {
        rig.run("d", {"first"});
        const auto last = rig.run(wanted);
        CHECK(last->state == model::job_state::succeeded);
        CHECK_FALSE(last->session.value().reused);
        REQUIRE(last->results.size() == 1);
        CHECK(last->results[0].output == "done second\n");
        CHECK(test::lines_of(path) == std::vector<std::string>{"first", "second"});
        CHECK(opened(rig) == 2);
    }
    SECTION("a change") {
        rig.run("d", {"first"});
        wanted.change = true;
        const auto last = rig.run(wanted);
        CHECK(last->state == model::job_state::failed);
        CHECK(last->error.value().code() == "session_lost");
        CHECK(test::lines_of(path) == std::vector<std::string>{"first"});
        CHECK(opened(rig) == 1);
        CHECK(rig.run("d", {"third"})->state == model::job_state::succeeded);
    }
    SECTION("not the second command of a job") {
        const auto last = rig.run("d", {"first", "second", "third"});
        CHECK(last->error.value().code() == "session_lost");
        CHECK(last->results.at(2).skipped);
        CHECK(opened(rig) == 1);
    }
}

TEST_CASE("a session that is lost twice at the first command fails the job instead of trying for ever") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    rig.run("d", {"x"});
    const auto last = rig.run("d", {"lose"});
    CHECK(last->error.value().code() == "session_lost");
    CHECK(last->results.size() == 1);
    CHECK(opened(rig) == 2);
}

TEST_CASE("closing a session on request: an idle one at once, a busy one after its job, with force now") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    rig.run("d", {"x"});
    const auto id = rig.engine().sessions().at(0).id;

    SECTION("idle") {
        REQUIRE(rig.wait(rig.engine().close_session(id, false)));
        no_session_left(rig);
        const auto again = rig.wait(rig.engine().close_session(id, false));
        REQUIRE_FALSE(again);
        CHECK(again.error().code() == "session_not_found");
        CHECK(again.error().message() == "there is no open pinned session " + id);
    }
    SECTION("busy") {
        const auto long_one = rig.submit("d", {"sleep 200ms; print whole"});
        rig.running(long_one);
        const auto behind = rig.submit("d", {"count"});
        REQUIRE(rig.wait(rig.engine().close_session(id, false)));
        CHECK(rig.finished(long_one)->state == model::job_state::succeeded);
        CHECK(rig.finished(long_one)->results.at(0).output == "whole\n");
        const auto next = rig.finished(behind);
        CHECK_FALSE(next->session.value().reused);
        CHECK(next->results.at(0).output == "1\n");
    }
    SECTION("with force") {
        const auto endless = rig.submit("d", {"print begun; hang"});
        rig.printing(endless);
        REQUIRE(rig.wait(rig.engine().close_session(id, true)));
        CHECK(rig.finished(endless)->error.value().code() == "cancelled");
        no_session_left(rig);
    }
}

TEST_CASE("a session is listed before anyone hears that it was opened") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_device("d", "echo");
    std::atomic<std::size_t> listed{0};
    // The filter is asked while the event is published.
    const state::event_bus::filter look = [&](const state::event& happened) {
        if (happened.topic == "session" && happened.data.find("opened") != std::string::npos)
            listed += rig.engine().sessions().size();
        return false;
    };
    const auto listening = rig.bus().subscribe(boost::asio::system_executor(), look);
    CHECK(rig.run("d", {"x"})->state == model::job_state::succeeded);
    CHECK(listed == 1);
    auto wanted = engine_rig::asking("d", {"x"});
    wanted.how = model::strategy::fifo;
    CHECK(rig.run(std::move(wanted))->state == model::job_state::succeeded);
    CHECK(listed == 3); // the kept one and its own
}

TEST_CASE("there are never more sessions than jobs.max_sessions, and places come back") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) {
        jobs.max_sessions = 2;
        jobs.session_ttl = 50ms;
    }));
    // A lane that waits counts as taken for the scheduler, so the third comes through the tester.
    for (const auto* name : {"a", "b", "c"})
        rig.add_device(name, "echo");
    const auto first = rig.submit("a", {"hang"});
    const auto second = rig.submit("b", {"hang"});
    rig.running(first);
    rig.running(second);
    rig.wait(rig.until([&rig] { return rig.engine().sessions().size() == 2; }));
    const auto refused = rig.try_submit(engine_rig::asking("c", {"x"}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "no_capacity");
    const auto tested = rig.wait(rig.tester().test("c", 5s));
    REQUIRE(tested);
    CHECK((*tested)["success"] == false);
    CHECK((*tested)["error"]["code"] == "session_limit");
    REQUIRE(rig.wait(rig.engine().cancel(first)));
    REQUIRE(rig.wait(rig.engine().cancel(second)));
    no_session_left(rig);
    CHECK(rig.run("c", {"x"})->state == model::job_state::succeeded);
}

TEST_CASE("a refused login is not tried again for a while, but another credential or a corrected one is") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_credential("wrong", "1");
    rig.add_credential("other", "2");
    rig.add_device("d", "echo", {{"open", "fail auth_failed"}}, "wrong");
    const auto code = [&rig](model::strategy how) {
        auto wanted = engine_rig::asking("d", {"x"});
        wanted.how = how;
        const auto last = rig.run(std::move(wanted));
        CHECK(last->state == model::job_state::failed);
        return last->error.value().code();
    };
    CHECK(code(model::strategy::pinned) == "auth_failed");
    CHECK(code(model::strategy::pinned) == "auth_held_back");
    CHECK(code(model::strategy::fifo) == "auth_held_back");
    const auto tested = rig.wait(rig.tester().test("d", 5s));
    CHECK(tested.value()["error"]["code"] == "auth_held_back");

    SECTION("another") {
        rig.add_device("d", "echo", {{"open", "fail auth_failed"}}, "other");
        CHECK(code(model::strategy::fifo) == "auth_failed");
    }
    SECTION("a corrected one") {
        rig.add_credential("wrong", "right");
        CHECK(code(model::strategy::pinned) == "auth_failed");
    }
    SECTION("an inline login with another password") {
        auto wanted = engine_rig::asking("", {"x"});
        auto& given = wanted.inline_at.emplace();
        given.at.driver = "echo";
        given.at.host = "inline.test";
        given.at.options = R"({"open":"fail auth_failed"})";
        given.login.emplace().username = "someone";
        for (const auto* password : {"one", "two"}) {
            given.login->password = base::secret(password);
            auto second = wanted;
            auto first = wanted;
            CHECK(rig.run(std::move(first))->error.value().code() == "auth_failed");
            CHECK(rig.run(std::move(second))->error.value().code() == "auth_held_back");
        }
    }
}

TEST_CASE("of jobs that come at once with a wrong password only one tries it") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch));
    rig.add_credential("wrong", "1");
    rig.add_device("d", "echo", {{"open", "sleep 50ms; fail auth_failed"}}, "wrong");
    auto wanted = engine_rig::asking("d", {"x"});
    wanted.how = model::strategy::fifo;
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i)
        ids.push_back(rig.submit(wanted));
    ids.push_back(rig.submit("d", {"x"})); // pinned, the same login
    std::map<std::string, int> codes;
    for (const auto& id : ids)
        ++codes[rig.finished(id)->error.value().code()];
    CHECK(codes == std::map<std::string, int>{{"auth_failed", 1}, {"auth_held_back", 20}});
}

TEST_CASE("without a hold-back jobs that waited for a refused login end with its error instead of repeating it") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.auth_hold_back = 0s; }));
    rig.add_device("d", "echo", {{"open", "sleep 50ms; fail auth_failed"}});
    auto wanted = engine_rig::asking("d", {"x"});
    wanted.how = model::strategy::fifo;
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i)
        ids.push_back(rig.submit(wanted));
    for (const auto& id : ids)
        CHECK(rig.finished(id)->error.value().code() == "auth_failed");
}

TEST_CASE("many fifo jobs that are held back all end, each with the same error") {
    const test::scratch_folder scratch;
    engine_rig rig(with(scratch, [](config::jobs_settings& jobs) { jobs.max_running_fifo = 2; }));
    rig.add_credential("wrong", "1");
    rig.add_device("d", "echo", {{"open", "fail auth_failed"}}, "wrong");
    rig.run("d", {"x"});
    std::vector<std::string> ids;
    for (int i = 0; i < 50; ++i) {
        auto wanted = engine_rig::asking("d", {"x"});
        wanted.how = model::strategy::fifo;
        ids.push_back(rig.submit(std::move(wanted)));
    }
    for (const auto& id : ids)
        CHECK(rig.finished(id)->error.value().code() == "auth_held_back");
}
