#include "runtime/blocking_pool.hpp"

#include "runtime/io.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <latch>
#include <stdexcept>

#include "support/print_result.hpp"

using namespace ferrule;
using runtime::blocking_pool;
namespace asio = boost::asio;

namespace {

// Coroutines take their work as a parameter: a named function outlives the await.
asio::awaitable<result<int>> on_pool(blocking_pool& pool, std::function<result<int>()> work) {
    co_return co_await runtime::offload<int>(pool, std::move(work));
}

asio::awaitable<bool> resumes_on_its_own_thread(blocking_pool& pool) {
    const auto before = std::this_thread::get_id();
    auto elsewhere = std::make_shared<std::thread::id>();
    std::function<result<int>()> work = [elsewhere]() -> result<int> {
        *elsewhere = std::this_thread::get_id();
        return 1;
    };
    const auto done = co_await runtime::offload<int>(pool, std::move(work));
    co_return done&& std::this_thread::get_id() == before&&* elsewhere != before;
}

} // namespace

TEST_CASE("work runs on the pool and its value comes back to the caller's thread") {
    runtime::io loop;
    loop.start();
    blocking_pool pool(2);
    CHECK(asio::co_spawn(loop.context(), resumes_on_its_own_thread(pool), asio::use_future).get());
}

TEST_CASE("errors and exceptions of the work come back as errors") {
    runtime::io loop;
    loop.start();
    blocking_pool pool(1);
    const auto run = [&](std::function<result<int>()> work) {
        return asio::co_spawn(loop.context(), on_pool(pool, std::move(work)), asio::use_future).get();
    };
    CHECK(run([]() -> result<int> { return 7; }) == result<int>(7));
    CHECK(run([]() -> result<int> { return error("nope", "no"); }).error() == error("nope", "no"));
    CHECK(run([]() -> result<int> { throw std::runtime_error("broken"); }).error() == error("internal", "broken"));
    CHECK(run([]() -> result<int> { throw 7; }).error().code() == "internal");
    CHECK(run([]() -> result<int> { return 8; }) == result<int>(8));
}

TEST_CASE("a full queue refuses at once, and the pool goes on") {
    runtime::io loop;
    loop.start();
    blocking_pool pool(1, 1);
    std::latch begun(1);
    std::latch release(1);
    REQUIRE(pool.submit([&] {
        begun.count_down();
        release.wait();
    }));
    begun.wait();
    REQUIRE(pool.submit([] {})); // the one that may wait
    CHECK_FALSE(pool.submit([] {}));
    auto refused =
        asio::co_spawn(loop.context(), on_pool(pool, []() -> result<int> { return 1; }), asio::use_future).get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "overloaded");
    CHECK(refused.error().retryable());
    release.count_down();
    pool.stop();
    CHECK_FALSE(pool.submit([] {}));
}

TEST_CASE("no more threads are at work than allowed, and as many as allowed are") {
    constexpr unsigned limit = 3;
    blocking_pool pool(limit);
    std::atomic<unsigned> now = 0;
    std::atomic<unsigned> most = 0;
    std::latch all(limit); // passed only when `limit` of them are inside at the same time
    for (int i = 0; i < 200; ++i) {
        REQUIRE(pool.submit([&, i] {
            const auto here = ++now;
            auto seen = most.load();
            while (here > seen && !most.compare_exchange_weak(seen, here)) {
            }
            if (i < static_cast<int>(limit))
                all.arrive_and_wait();
            --now;
        }));
    }
    pool.stop();
    CHECK(most == limit);
}

TEST_CASE("stopping finishes what is queued") {
    std::atomic<int> done = 0;
    {
        blocking_pool pool(2);
        for (int i = 0; i < 100; ++i)
            REQUIRE(pool.submit([&] { ++done; }));
    }
    CHECK(done == 100);
    blocking_pool idle; // never had work: no thread, nothing to wait for
    idle.stop();
    idle.stop();
}
