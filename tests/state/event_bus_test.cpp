#include "state/event_bus.hpp"

#include "runtime/io.hpp"
#include "support/run.hpp"

#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace ferrule;
using namespace std::chrono_literals;
using state::event_bus;

namespace {

const event_bus::filter everything = [](const state::event&) { return true; };

std::vector<std::string> next(test::asio::io_context& loop, state::subscription& events) {
    std::vector<std::string> data;
    for (const auto& each : test::run(loop, events.next(base::system_clock().steady_now() + 60s)))
        data.push_back(each->data);
    return data;
}

test::asio::awaitable<std::vector<int>> collect(std::unique_ptr<state::subscription> events, std::size_t count) {
    std::vector<int> seen;
    while (seen.size() < count) {
        const auto came = co_await events->next(base::system_clock().steady_now() + 60s);
        if (came.empty())
            break;
        for (const auto& each : came)
            seen.push_back(std::stoi(each->data));
    }
    co_return seen;
}

} // namespace

TEST_CASE("a listener gets what its filter wants, in order, with ascending ids, from now on") {
    test::asio::io_context loop;
    event_bus bus;
    bus.publish("job", "a", "before");
    const auto events = bus.subscribe(loop.get_executor(), [](const state::event& each) { return each.key == "a"; });
    bus.publish("job", "a", "1");
    bus.publish("job", "b", "2");
    bus.publish("job.output", "a", "3");
    CHECK(next(loop, *events) == std::vector<std::string>{"1", "3"});
    bus.publish("job", "a", "4");
    CHECK(next(loop, *events) == std::vector<std::string>{"4"});
    CHECK(bus.last_id() == 5);
}

TEST_CASE("waiting ends without an event at the deadline, and with the next event") {
    test::asio::io_context loop;
    event_bus bus;
    const auto events = bus.subscribe(loop.get_executor(), everything);
    CHECK(test::run(loop, events->next(base::system_clock().steady_now() + 1ms)).empty());
    CHECK_FALSE(events->closed());
    std::jthread later([&bus] { bus.publish("job", "a", "late"); });
    CHECK(next(loop, *events) == std::vector<std::string>{"late"});
}

TEST_CASE("a listener that is too slow loses its queue and learns how much") {
    test::asio::io_context loop;
    event_bus bus({.history = 100, .queue = 3});
    const auto slow = bus.subscribe(loop.get_executor(), everything);
    const auto patient = bus.subscribe(loop.get_executor(), everything, std::nullopt, 10);
    for (int i = 1; i <= 5; ++i)
        bus.publish("job", "a", std::to_string(i));
    CHECK(slow->lagged() == 3);
    CHECK(next(loop, *slow) == std::vector<std::string>{"4", "5"});
    CHECK(patient->lagged() == 0);
    CHECK(next(loop, *patient).size() == 5);
}

TEST_CASE("a listener that comes back gets what it missed, however much that is, and output is not kept") {
    test::asio::io_context loop;
    event_bus bus({.history = 100, .queue = 3});
    bus.publish("job", "a", "1");
    bus.publish("job.output", "a", "2");
    for (int i = 3; i <= 20; ++i)
        bus.publish("job", "a", std::to_string(i));
    const auto events = bus.subscribe(loop.get_executor(), everything, 1);
    bus.publish("job", "a", "21");
    CHECK(events->lagged() == 0);
    const auto came = next(loop, *events);
    REQUIRE(came.size() == 19);
    CHECK(came.front() == "3");
    CHECK(came.back() == "21");
}

TEST_CASE("a listener that comes back too late learns that something is gone") {
    test::asio::io_context loop;
    event_bus bus({.history = 3});
    for (int i = 1; i <= 10; ++i)
        bus.publish("job", "a", std::to_string(i));
    CHECK(bus.subscribe(loop.get_executor(), everything, 6)->lagged() == 1);
    CHECK(bus.subscribe(loop.get_executor(), everything, 7)->lagged() == 0);
    const auto events = bus.subscribe(loop.get_executor(), everything, 2);
    CHECK(events->lagged() == 5);
    CHECK(next(loop, *events) == std::vector<std::string>{"8", "9", "10"});
}

TEST_CASE("events are wanted while someone listens and a while after, what is skipped later shows as a gap") {
    test::asio::io_context loop;
    event_bus bus;
    CHECK_FALSE(bus.wanted()); // skipped: before anyone listened
    auto events = bus.subscribe(loop.get_executor(), everything);
    CHECK(bus.wanted());
    const auto seen = bus.last_id();
    events.reset();
    CHECK(bus.wanted());
    bus.publish("job", "a", "meanwhile");
    CHECK(bus.wanted()); // for the one who left, should it come back
    const auto again = bus.subscribe(loop.get_executor(), everything, seen);
    CHECK(again->lagged() == 0);
    CHECK(next(loop, *again) == std::vector<std::string>{"meanwhile"});
    CHECK(bus.subscribe(loop.get_executor(), everything, 0)->lagged() == 1);
}

TEST_CASE("closing the bus ends everyone's wait after what is queued, and lets nobody in") {
    test::asio::io_context loop;
    auto bus = std::make_unique<event_bus>();
    const auto queued = bus->subscribe(loop.get_executor(), everything);
    bus->publish("job", "a", "last");
    std::jthread closing([&bus] { bus->close(); });
    closing.join();
    CHECK(next(loop, *queued) == std::vector<std::string>{"last"});
    CHECK(next(loop, *queued).empty());
    CHECK(queued->closed());
    const auto late = bus->subscribe(loop.get_executor(), everything);
    CHECK(late->closed());
    CHECK(next(loop, *late).empty());
    bus.reset(); // before its listeners
    CHECK(next(loop, *queued).empty());
}

TEST_CASE("listeners on several threads each see all events of several publishers in one order") {
    constexpr int publishers = 4;
    constexpr int each_publishes = 500;
    constexpr std::size_t total = publishers * each_publishes;
    runtime::io loop(4);
    event_bus bus({.history = 16, .queue = total});
    std::vector<std::future<std::vector<int>>> all;
    for (int i = 0; i < 4; ++i) {
        const auto strand = loop.make_strand();
        all.push_back(
            test::asio::co_spawn(strand, collect(bus.subscribe(strand, everything), total), test::asio::use_future));
    }
    loop.start();
    std::atomic<bool> over{false};
    std::jthread comes_and_goes([&] {
        while (!over)
            (void)bus.subscribe(loop.make_strand(), everything);
    });
    {
        std::vector<std::jthread> threads;
        for (int p = 0; p < publishers; ++p)
            threads.emplace_back([&bus, p] {
                for (int i = 0; i < each_publishes; ++i)
                    bus.publish("job", "a", std::to_string(p * each_publishes + i));
            });
    }
    const auto first = all[0].get();
    over = true;
    CHECK(first.size() == total);
    for (std::size_t i = 1; i < all.size(); ++i)
        CHECK(all[i].get() == first);
    std::vector<int> last(publishers, -1);
    for (const auto each : first) {
        auto& before = last[static_cast<std::size_t>(each / each_publishes)];
        CHECK(before < each);
        before = each;
    }
}

TEST_CASE("what is kept is bounded by its size as well, and who resumes hears that something is missing") {
    test::asio::io_context loop;
    event_bus bus({.bytes = 10'000});
    const std::string large(4'000, 'x');
    for (int i = 0; i < 100; ++i)
        bus.publish("job.result", "a", large);
    const auto events = bus.subscribe(loop.get_executor(), everything, 0);
    CHECK(next(loop, *events).size() == 2);
    CHECK(events->lagged() == 98);
}

TEST_CASE("a listener that does not read holds events up to a size, but always the last") {
    test::asio::io_context loop;
    event_bus bus({.history = 0, .bytes = 10'000});
    const auto events = bus.subscribe(loop.get_executor(), everything);
    for (int i = 0; i < 100; ++i)
        bus.publish("job.output", "a", std::string(4'000, 'x'));
    const auto left = next(loop, *events).size();
    CHECK(left <= 2);
    CHECK(events->lagged() == 100 - left);
    bus.publish("job.output", "a", std::string(20'000, 'y'));
    CHECK(next(loop, *events).size() == 1);
}
