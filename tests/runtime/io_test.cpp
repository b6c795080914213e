#include "runtime/io.hpp"

#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <latch>
#include <stdexcept>

using namespace ferrule;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> throws() {
    throw std::runtime_error("expected by a test");
    co_return; // makes it a coroutine
}

} // namespace

TEST_CASE("an exception that leaves a handler does not end the loop") {
    runtime::io loop;
    loop.start();
    asio::post(loop.context(), [] { throw std::runtime_error("expected by a test"); });
    asio::post(loop.context(), [] { throw 7; });
    runtime::spawn(loop.get_executor(), "test", throws());
    std::promise<void> reached;
    asio::post(loop.context(), [&] { reached.set_value(); });
    reached.get_future().get();
}

TEST_CASE("a loop runs on as many threads as it was given") {
    constexpr unsigned threads = 3;
    runtime::io loop(threads);
    CHECK(loop.threads() == threads);
    CHECK(runtime::io(0).threads() == 1);
    loop.start();
    std::latch together(threads + 1); // passed only when three handlers are inside at the same time
    for (unsigned i = 0; i < threads; ++i)
        asio::post(loop.context(), [&] { together.arrive_and_wait(); });
    together.arrive_and_wait();
}

TEST_CASE("a strand runs one handler at a time, in order") {
    runtime::io loop(3);
    auto strand = loop.make_strand();
    std::vector<int> order; // without a lock: the strand is the lock
    std::promise<void> done;
    for (int i = 0; i < 1000; ++i)
        asio::post(strand, [&order, i] { order.push_back(i); });
    asio::post(strand, [&] { done.set_value(); });
    loop.start();
    done.get_future().get();
    REQUIRE(order.size() == 1000);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("run() returns when a handler stops the loop") {
    runtime::io loop(2);
    asio::post(loop.context(), [&] { loop.stop(); });
    loop.run();
    SUCCEED("it returned");
}
