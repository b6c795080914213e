// Components that block, on the pool.
#include "rig.hpp"

#include <thread>

using ferrule::plugins::driver_session;
using test::rig;
using test::script;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("a blocking driver serves sessions, also while others block") {
    rig in;
    in.add("blocking");
    const auto slow = in.open("blocking");
    const auto quick = in.open("blocking");
    auto waiting =
        asio::co_spawn(in.loop().get_executor(), slow->exec(script("sleep 60s"), rig::in(60s)), asio::use_future);
    std::string output;
    auto keep = [&output](std::string_view bytes) { output.append(bytes); };
    CHECK(in.wait(quick->exec(script("print one; count"), rig::in(30s), keep)));
    CHECK(output == "one\n1\n");
    CHECK(in.wait(quick->close(rig::in(30s))));
    CHECK(in.wait(slow->close(rig::in(30s)))); // interrupts what runs, and comes after it
    const auto ended = waiting.get();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code() == "cancelled");
}

TEST_CASE("a command of a blocking driver is interrupted at its deadline") {
    rig in;
    in.add("blocking");
    const auto session = in.open("blocking");
    const auto late = in.wait(session->exec(script("sleep 60s"), rig::in(20ms)));
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "deadline");
    std::string output;
    auto keep = [&output](std::string_view bytes) { output.append(bytes); };
    CHECK(in.wait(session->exec(script("count; overlap"), rig::in(30s), keep)));
    CHECK(output == "2\n");
}

TEST_CASE("a blocking driver that does not listen is abandoned, and ends once it returns") {
    rig in(1, [](ferrule::plugins::settings& wanted) { wanted.cancel_grace = 20ms; });
    in.add("blocking");
    const auto session = in.open("blocking");
    const auto late = in.wait(session->exec(script("deaf 300ms"), rig::in(10ms)));
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "plugin_unresponsive");
    CHECK(in.wait(session->close(rig::in(30s)))); // after the function that still runs
    in.stop();
    CHECK(in.faults("blocking", "late_completion") == 1);
    for (const auto& each : in.plugins().list())
        CHECK(each.in_use == 0);
}

TEST_CASE(
    "what waits behind other blocking work ends at its deadline, without a fault and without reaching the plugin") {
    rig in(1, [](ferrule::plugins::settings& wanted) {
        wanted.blocking_threads = 1;
        wanted.cancel_grace = 20ms;
    });
    in.add("blocking");
    const auto first = in.open("blocking");
    const auto second = in.open("blocking");
    const auto third = in.open("blocking");
    std::promise<void> runs;
    auto told = [&runs](std::string_view) { runs.set_value(); };
    auto waiting = asio::co_spawn(in.loop().get_executor(),
                                  first->exec(script("print x; sleep 60s"), rig::in(60s), told), asio::use_future);
    runs.get_future().wait();
    const auto late = in.wait(second->exec(script("print never"), rig::in(10ms)));
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "deadline");
    const auto unclosed = in.wait(third->close(rig::in(10ms)));
    REQUIRE_FALSE(unclosed);
    CHECK(unclosed.error().code() == "deadline");
    CHECK(in.wait(first->close(rig::in(30s))));
    waiting.wait();
    std::string output;
    auto keep = [&output](std::string_view bytes) { output.append(bytes); };
    CHECK(in.wait(second->exec(script("count"), rig::in(30s), keep)));
    const auto fourth = in.open("blocking"); // behind the close of the third, whose turn came after all
    CHECK(in.wait(fourth->exec(script("sessions"), rig::in(30s), keep)));
    CHECK(output == "1\n2\n");
    CHECK(in.faults("blocking", "abandoned") == 0);
    CHECK(in.plugins().list().front().healthy);
}

TEST_CASE("functions of one session never overlap, whatever thread they run on") {
    rig in(4);
    in.add("blocking");
    auto one = [](std::shared_ptr<driver_session> on) -> asio::awaitable<int> {
        for (int i = 0; i < 50; ++i) {
            auto running = on->exec(script("overlap"), rig::in(60s));
            const auto done = co_await std::move(running);
            if (!done)
                co_return i;
        }
        auto closing = on->close(rig::in(60s));
        const auto closed = co_await std::move(closing);
        co_return closed ? 50 : -1; // scalars
    };
    std::vector<std::future<int>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(asio::co_spawn(in.loop().make_strand(), one(in.open("blocking")), asio::use_future));
    for (auto& each : all)
        CHECK(each.get() == 50);
}

TEST_CASE("more blocking work than the share takes is refused") {
    rig in(1, [](ferrule::plugins::settings& wanted) {
        wanted.blocking_threads = 1;
        wanted.blocking_queue = 2;
    });
    in.add("blocking");
    auto found = in.plugins().probe("blocking");
    REQUIRE(found);
    CHECK(in.wait((*found)->run(R"({"host":"x"})", rig::in(30s))));
    std::promise<void> all;
    int up = 0;
    int refused = 0;
    const std::vector<std::string> targets(10, R"({"host":"x","delay":50})");
    (*found)->run_batch(targets, rig::in(30s), in.loop().make_strand(),
                        [&](std::size_t, const ferrule::result<std::string>& outcome) {
                            up += outcome ? 1 : 0;
                            refused += !outcome && outcome.error().code() == "overloaded" ? 1 : 0;
                            if (up + refused == 10)
                                all.set_value();
                        });
    const auto state = all.get_future().wait_for(60s);
    REQUIRE(state == std::future_status::ready);
    CHECK(up == 3);
    CHECK(refused == 7);
}

TEST_CASE("a blocking probe sees its cancellation") {
    rig in;
    in.add("blocking");
    auto found = in.plugins().probe("blocking");
    REQUIRE(found);
    const auto late = in.wait((*found)->run(R"({"host":"x","delay":60000})", rig::in(20ms)));
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "deadline");
}
