#include "http/deadline_timer.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;

namespace {

struct owner final : http::deadline_owner {
    void deadline_passed() override { ++passed; }

    int passed = 0;
};

base::steady_time in(base::duration time) {
    return base::system_clock().steady_now() + time;
}

} // namespace

TEST_CASE("a deadline that was put off again and again passes once, at the last time") {
    boost::asio::io_context loop;
    owner who;
    http::deadline_timer timer(loop.get_executor(), who);
    const auto keep = std::make_shared<int>(0);
    timer.set(in(1ms), keep);
    const auto last = in(30ms);
    timer.set(last, keep);
    loop.run();
    CHECK(who.passed == 1);
    CHECK(base::system_clock().steady_now() >= last);
}

TEST_CASE("an earlier deadline replaces a later one") {
    boost::asio::io_context loop;
    owner who;
    http::deadline_timer timer(loop.get_executor(), who);
    const auto keep = std::make_shared<int>(0);
    timer.set(in(24h), keep);
    timer.set(in(1ms), keep);
    loop.run();
    CHECK(who.passed == 1);
}

TEST_CASE("a cleared deadline does not pass, and a stopped timer holds nothing") {
    boost::asio::io_context loop;
    owner who;
    http::deadline_timer timer(loop.get_executor(), who);
    const auto keep = std::make_shared<int>(0);
    timer.set(in(1ms), keep);
    timer.clear();
    loop.run();
    CHECK(who.passed == 0);

    timer.set(in(24h), keep);
    timer.stop();
    loop.restart();
    loop.run();
    CHECK(who.passed == 0);
    CHECK(keep.use_count() == 1);
}
