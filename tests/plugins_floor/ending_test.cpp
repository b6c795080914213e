// Waiting for instances to end.
#include "plugins/ending.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

using ferrule::plugins::ending;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

std::size_t left_after(asio::io_context& loop, const std::shared_ptr<ending>& over) {
    auto left = asio::co_spawn(loop, over->wait(), asio::use_future);
    loop.run();
    return left.get();
}

} // namespace

TEST_CASE("what ends while others are still being expected does not end the wait for those") {
    asio::io_context loop;
    const auto over = std::make_shared<ending>(loop.get_executor(), 1h);
    over->expect()(); // has ended already
    auto second = over->expect();
    asio::post(loop, [&loop, second = std::move(second)]() mutable { // behind the wait
        asio::post(loop, [second = std::move(second)] { second(); });
    });
    CHECK(left_after(loop, over) == 0);
}

TEST_CASE("the wait is over at once when everything has ended, or there is nothing") {
    asio::io_context loop;
    const auto over = std::make_shared<ending>(loop.get_executor(), 1h);
    SECTION("one that has ended") {
        over->expect()();
    }
    SECTION("nothing") {}
    CHECK(left_after(loop, over) == 0);
}

TEST_CASE("what has not ended when the limit is over is counted") {
    asio::io_context loop;
    const auto over = std::make_shared<ending>(loop.get_executor(), 1ms);
    const auto never = over->expect();
    over->expect()();
    CHECK(left_after(loop, over) == 1);
}
