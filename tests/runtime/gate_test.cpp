#include "runtime/gate.hpp"

#include "runtime/io.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

#include "support/run.hpp"

using namespace ferrule;
using namespace std::chrono_literals;
using runtime::gate;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> drain_and_note(gate& door, base::duration limit, std::optional<std::size_t>& left) {
    left = co_await door.drain(limit);
}

} // namespace

TEST_CASE("an empty gate drains at once, and lets nobody in afterwards") {
    asio::io_context loop;
    gate door;
    CHECK(test::run(loop, door.drain(1h)) == 0);
    CHECK_FALSE(door.enter());
    CHECK(test::run(loop, door.drain(1h)) == 0);
}

TEST_CASE("a drain waits for the last pass") {
    asio::io_context loop;
    gate door;
    auto first = door.enter();
    auto second = door.enter();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(door.inside() == 2);
    std::optional<std::size_t> left;
    asio::co_spawn(loop, drain_and_note(door, 1h, left), asio::detached);
    loop.poll();
    CHECK_FALSE(door.enter());
    first.reset();
    loop.poll();
    CHECK_FALSE(left);
    second.reset();
    loop.restart();
    loop.run();
    CHECK(left == 0U);
}

TEST_CASE("a drain gives up at its limit and says how many are still inside") {
    asio::io_context loop;
    gate door;
    const auto first = door.enter();
    const auto second = door.enter();
    CHECK(test::run(loop, door.drain(1ms)) == 2);
    CHECK(door.inside() == 2);
}

TEST_CASE("a closed gate lets nobody in but keeps those inside") {
    gate door;
    auto pass = door.enter();
    door.close();
    CHECK_FALSE(door.enter());
    CHECK(door.inside() == 1);
    pass.reset();
    CHECK(door.inside() == 0);
}

TEST_CASE("a pass that is moved or replaced is given back exactly once") {
    gate door;
    auto one = door.enter();
    auto moved = std::move(*one);
    CHECK(door.inside() == 1);
    one.reset();
    CHECK(door.inside() == 1);
    auto two = door.enter();
    CHECK(door.inside() == 2);
    moved = std::move(*two); // gives back what it held
    CHECK(door.inside() == 1);
    two.reset();
    CHECK(door.inside() == 1);
}

TEST_CASE("a pass may outlive its gate") {
    std::optional<gate::pass> kept;
    {
        gate door;
        kept = door.enter();
    }
    kept.reset();
}

TEST_CASE("passes given back on many threads complete a drain on a loop of several threads") {
    for (int round = 0; round < 50; ++round) {
        runtime::io loop(2);
        loop.start();
        gate door;
        std::vector<gate::pass> passes;
        for (int i = 0; i < 8; ++i)
            passes.push_back(std::move(*door.enter()));
        auto drained = asio::co_spawn(loop.context(), door.drain(1h), asio::use_future);
        {
            std::vector<std::jthread> threads;
            for (auto& pass : passes)
                threads.emplace_back([held = std::move(pass)] {});
        }
        CHECK(drained.get() == 0);
    }
}
