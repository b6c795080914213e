#include "net/web_server.hpp"
#include "rig.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

using ferrule::plugins::driver_session;
using ferrule::plugins::op_reply;
using test::rig;
using test::script;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

ferrule::result<op_reply> exec(rig& in, const std::shared_ptr<driver_session>& on, const std::string& text,
                               ferrule::base::duration limit = 30s, std::string* output = nullptr,
                               std::size_t most = 0) {
    auto keep = [output](std::string_view bytes) {
        if (output != nullptr)
            output->append(bytes);
    };
    return in.wait(on->exec(script(text), rig::in(limit), keep, most));
}

} // namespace

TEST_CASE("a driver is loaded by its first open, and runs commands") {
    rig in;
    in.add("echo");
    const auto before = in.plugins().list();
    REQUIRE(before.size() == 1);
    CHECK(before.front().state == ferrule::plugins::plugin_state::available);
    CHECK(in.plugins().driver("echo"));
    CHECK(in.plugins().list().front().state == ferrule::plugins::plugin_state::available);

    const auto session = in.open("echo");
    CHECK(in.plugins().list().front().state == ferrule::plugins::plugin_state::loaded);
    CHECK(session->plugin_version() == "1.0.0");
    std::string output;
    const auto done = exec(in, session, "print one; print two", 30s, &output);
    REQUIRE(done);
    CHECK(output == "one\ntwo\n");
    CHECK(done->json == "{}");
    CHECK_FALSE(done->truncated);
    CHECK(in.wait(session->keepalive(rig::in(30s))));
    CHECK(in.wait(session->close(rig::in(30s))));
    CHECK(in.wait(session->close(rig::in(30s))));
}

TEST_CASE("the error of a plugin comes through with its code, message and whether a retry can help") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    const auto done = exec(in, session, "print before; fail prompt_timeout");
    REQUIRE_FALSE(done);
    CHECK(done.error() == ferrule::error("prompt_timeout", "The script says: fail with prompt_timeout.", true));

    auto found = in.plugins().driver("echo");
    REQUIRE(found);
    const auto opened = in.wait((*found)->open(R"({"options":{"open":"fail connect_timeout"}})", rig::in(30s)));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == "connect_timeout");
}

TEST_CASE("an operation that reaches its deadline is cancelled, and the session goes on") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    const auto late = exec(in, session, "hang", 20ms);
    REQUIRE_FALSE(late);
    CHECK(late.error() ==
          ferrule::error("deadline", "driver 'echo' did not finish exec within the time that it was given", true));
    std::string output;
    CHECK(exec(in, session, "count", 30s, &output));
    CHECK(output == "2\n");
}

TEST_CASE("a deadline that has passed already does not reach the plugin") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    const auto late = exec(in, session, "print never", -1s);
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "deadline");
    std::string output;
    CHECK(exec(in, session, "count", 30s, &output));
    CHECK(output == "1\n");
}

TEST_CASE("cancelling the coroutine that waits ends the operation with cancelled") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    asio::cancellation_signal stop;
    std::promise<ferrule::result<op_reply>> outcome;
    const auto strand = in.loop().make_strand();
    auto on_output = [&stop](std::string_view) { stop.emit(asio::cancellation_type::terminal); };
    asio::co_spawn(strand, session->exec(script("print here; hang"), rig::in(30s), on_output),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&outcome](const std::exception_ptr& failed, ferrule::result<op_reply> done) {
                           if (failed)
                               outcome.set_exception(failed);
                           else
                               outcome.set_value(std::move(done));
                       }));
    auto waiting = outcome.get_future();
    REQUIRE(waiting.wait_for(60s) == std::future_status::ready);
    const auto done = waiting.get();
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == "cancelled");
    CHECK(exec(in, session, "print still here"));
}

TEST_CASE("output over the limit is dropped and the reply says so") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    std::string output;
    const auto done = exec(in, session, "emit 100000", 30s, &output, 2500);
    REQUIRE(done);
    CHECK(done->truncated);
    CHECK(output == std::string(2500, 'x'));
    output.clear();
    const auto next = exec(in, session, "emit 100000", 30s, &output);
    REQUIRE(next);
    CHECK_FALSE(next->truncated);
    CHECK(output.size() == 100'000);
}

TEST_CASE("a session takes one operation at a time") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    auto both = [](std::shared_ptr<driver_session> on) -> asio::awaitable<std::pair<bool, std::string>> {
        using namespace asio::experimental::awaitable_operators;
        auto first = on->exec(script("sleep 50ms"), rig::in(30s));
        auto second = on->exec(script("print x"), rig::in(30s));
        auto together = std::move(first) && std::move(second);
        auto done = co_await std::move(together);
        co_return std::pair(std::get<0>(done).has_value(), std::get<1>(done).error().code());
    };
    const auto seen = in.wait(both(session));
    CHECK(seen.first);
    CHECK(seen.second == "session_busy");
}

TEST_CASE("close ends the command that runs") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    std::promise<void> started;
    auto told = std::make_shared<std::atomic<bool>>(false);
    auto on_output = [&started, told](std::string_view) {
        if (!told->exchange(true))
            started.set_value();
    };
    auto running = asio::co_spawn(in.loop().make_strand(),
                                  session->exec(script("print here; hang"), rig::in(30s), on_output), asio::use_future);
    REQUIRE(started.get_future().wait_for(60s) == std::future_status::ready);
    CHECK(in.wait(session->close(rig::in(30s))));
    REQUIRE(running.wait_for(60s) == std::future_status::ready);
    CHECK_FALSE(running.get());
    const auto after = exec(in, session, "print x");
    REQUIRE_FALSE(after);
    CHECK(after.error().code() == "session_lost");
}

TEST_CASE("a session that ends by itself is reported once, and not after it was closed") {
    rig in;
    in.add("echo");
    auto found = in.plugins().driver("echo");
    REQUIRE(found);
    std::promise<ferrule::error> lost;
    std::atomic<int> times = 0;
    const auto opened = in.wait((*found)->open("{}", rig::in(30s), [&](const ferrule::error& why) {
        if (++times == 1)
            lost.set_value(why);
    }));
    REQUIRE(opened);
    CHECK(exec(in, *opened, "drop 1ms; drop 1ms"));
    auto told = lost.get_future();
    REQUIRE(told.wait_for(60s) == std::future_status::ready);
    CHECK(told.get() == ferrule::error("session_lost", "The script says: the session drops.", true));
    CHECK(in.wait((*opened)->close(rig::in(30s))));
    in.stop();
    CHECK(times == 1);
}

TEST_CASE("a secret reaches the plugin and an unknown one is an error") {
    rig in;
    in.secrets.secrets["cred:1"] = R"({"password":"opensesame"})";
    in.add("echo");
    const auto session = in.open("echo");
    std::string output;
    CHECK(exec(in, session, "secret cred:1", 30s, &output));
    CHECK(output == "25\n");
    CHECK_FALSE(exec(in, session, "secret cred:2"));
}

TEST_CASE("a plugin resolves names, also literals, and works on the blocking pool") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo");
    std::string output;
    CHECK(exec(in, session, "resolve 192.0.2.7; block 1ms; resolve localhost", 30s, &output));
    CHECK(output.starts_with("192.0.2.7\n"));
    CHECK((output.ends_with("\n127.0.0.1\n") || output.ends_with("\n::1\n")));
}

TEST_CASE("a plugin sends HTTP requests through the client that all share") {
    rig in;
    in.add("echo");
    const test::web_server server(in.loop());
    const auto session = in.open("echo");
    std::string output;
    CHECK(exec(in, session, "get " + server.url("/hello") + "; get " + server.url("/status/404"), 30s, &output));
    CHECK(output == "200 hello\n404 \n");
    CHECK(server.connections() == 1);
    const auto refused = exec(in, session, "get nonsense");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "invalid_url");
    const auto cancelled = exec(in, session, "get " + server.url("/silent"), 20ms);
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code() == "deadline");
}

TEST_CASE("a plugin that is destroyed while its HTTP request runs gets the answer first") {
    rig in;
    in.add("echo");
    const test::web_server server(in.loop());
    const auto session = in.open("echo");
    auto running = asio::co_spawn(
        in.loop().make_strand(), session->exec(script("get " + server.url("/silent")), rig::in(60s)), asio::use_future);
    in.stop();
    const auto done = running.get();
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == "cancelled");
    CHECK(in.faults("echo", "abandoned") == 0);
}

TEST_CASE("a thousand sessions work at once on four threads") {
    rig in(4);
    in.add("echo");
    auto found = in.plugins().driver("echo");
    REQUIRE(found);
    auto one = [](std::shared_ptr<ferrule::plugins::driver> on, int number) -> asio::awaitable<bool> {
        auto opening = on->open("{}", rig::in(60s));
        auto opened = co_await std::move(opening);
        if (!opened)
            co_return false;
        const auto session = *opened;
        for (int i = 0; i < 5; ++i) {
            std::string output;
            auto keep = [&output](std::string_view bytes) { output.append(bytes); };
            const auto text = "print " + std::to_string(number) + "; sleep 1ms; count";
            auto running = session->exec(script(text), rig::in(60s), keep);
            const auto done = co_await std::move(running);
            if (!done || output != std::to_string(number) + "\n" + std::to_string(i + 1) + "\n")
                co_return false;
        }
        auto closing = session->close(rig::in(60s));
        const auto closed = co_await std::move(closing);
        co_return closed.has_value();
    };
    std::vector<std::future<bool>> all;
    for (int i = 0; i < 1000; ++i)
        all.push_back(asio::co_spawn(in.loop().make_strand(), one(*found, i), asio::use_future));
    for (auto& each : all) {
        REQUIRE(each.wait_for(100s) == std::future_status::ready);
        CHECK(each.get());
    }
}

TEST_CASE("a close whose time is over already still closes") {
    rig in;
    in.add("echo");
    const auto session = in.open("echo", R"({"options":{"close":"get http://127.0.0.1:1/"}})");
    const auto closed = in.wait(session->close(rig::in(-1s)));
    REQUIRE_FALSE(closed);
    CHECK(closed.error().code() == "connection_refused"); // so the plugin's close has run
}

TEST_CASE("a session that is dropped without close is closed in the background") {
    rig in;
    in.add("echo");
    in.open("echo").reset();
    in.stop();
    CHECK(in.plugins().list().front().in_use == 0);
}
