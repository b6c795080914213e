#include "plugins/timer_queue.hpp"

#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>
#include <random>
#include <set>
#include <vector>

using ferrule::base::steady_time;
using ferrule::plugins::timer_queue;
using namespace std::chrono_literals;

namespace {

steady_time now() {
    return steady_time(std::chrono::steady_clock::now().time_since_epoch());
}

struct stage {
    explicit stage(timer_queue::invoker call)
        : strand(loop.make_strand())
        , timers(strand, std::move(call)) {
        loop.start();
    }

    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    ~stage() {
        run([this] { timers.close(); });
        loop.stop();
        loop.join();
    }

    void run(std::function<void()> what) {
        std::promise<void> done;
        boost::asio::post(strand, [&] {
            what();
            done.set_value();
        });
        REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
    }

    ferrule::runtime::io loop{2};
    ferrule::runtime::strand strand;
    timer_queue timers;
};

} // namespace

TEST_CASE("timers fire once, in order, and not before their time") {
    std::vector<std::uint64_t> fired;
    std::vector<steady_time> due(200);
    std::promise<void> all;
    std::set<std::uint64_t> cancelled;
    bool early = false;
    stage on([&](timer_queue::callback, void*, std::uint64_t number) {
        early = early || now() < due.at(number);
        fired.push_back(number);
        if (fired.size() + cancelled.size() == due.size())
            all.set_value();
    });
    std::mt19937 dice(1); // NOLINT: the same every time
    on.run([&] {
        std::vector<std::uint64_t> ids(due.size());
        const auto start = now();
        for (std::size_t i = 0; i < due.size(); ++i) {
            due[i] = start + std::chrono::microseconds(dice() % 40'000);
            ids[i] = on.timers.start(due[i], nullptr, nullptr, i);
        }
        for (std::size_t i = 0; i < due.size(); i += 3) {
            CHECK(on.timers.cancel(ids[i]));
            CHECK_FALSE(on.timers.cancel(ids[i]));
            cancelled.insert(i);
        }
    });
    REQUIRE(all.get_future().wait_for(30s) == std::future_status::ready);
    on.run([&] { CHECK(on.timers.size() == 0); });
    CHECK_FALSE(early);
    CHECK(std::ranges::is_sorted(fired, {}, [&](std::uint64_t each) { return due.at(each); }));
    for (const auto each : fired)
        CHECK_FALSE(cancelled.contains(each));
}

TEST_CASE("a timer that is cancelled by one that is due at the same time does not fire") {
    std::vector<std::uint64_t> ids;
    std::vector<std::uint64_t> fired;
    timer_queue* queue = nullptr;
    std::promise<void> done;
    stage on([&](timer_queue::callback, void*, std::uint64_t number) {
        fired.push_back(number);
        for (const auto each : ids)
            queue->cancel(each);
        done.set_value();
    });
    queue = &on.timers;
    on.run([&] {
        const auto at = now();
        for (std::uint64_t i = 0; i < 10; ++i)
            ids.push_back(on.timers.start(at, nullptr, nullptr, i));
    });
    REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
    on.run([] {});
    CHECK(fired.size() == 1);
}

TEST_CASE("timers started inside a callback fire later, not inside it") {
    int depth = 0;
    int fired = 0;
    bool nested = false;
    timer_queue* queue = nullptr;
    std::promise<void> done;
    stage on([&](timer_queue::callback, void*, std::uint64_t) {
        nested = nested || depth != 0;
        ++depth;
        if (++fired < 100)
            queue->start(steady_time::min(), nullptr, nullptr);
        else
            done.set_value();
        --depth;
    });
    queue = &on.timers;
    on.run([&] { on.timers.start(now(), nullptr, nullptr); });
    REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
    CHECK_FALSE(nested);
}

TEST_CASE("a timer far away does not delay one that comes later and is near") {
    std::promise<std::uint64_t> first;
    stage on([&](timer_queue::callback, void*, std::uint64_t number) { first.set_value(number); });
    on.run([&] {
        on.timers.start(now() + 1h, nullptr, nullptr, 1);
        on.timers.start(steady_time::max(), nullptr, nullptr, 2);
        on.timers.start(now() + 12ms, nullptr, nullptr, 3);
    });
    auto told = first.get_future();
    REQUIRE(told.wait_for(30s) == std::future_status::ready);
    CHECK(told.get() == 3);
}
