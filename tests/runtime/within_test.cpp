#include "runtime/within.hpp"

#include "runtime/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>

#include "support/print_result.hpp"
#include "support/run.hpp"

using namespace ferrule;
using namespace std::chrono_literals;
using runtime::within;
namespace asio = boost::asio;

namespace {

asio::awaitable<result<int>> value_at_once(int value) {
    co_return value;
}

asio::awaitable<result<void>> nothing_at_once() {
    co_return ok();
}

asio::awaitable<result<int>> error_at_once() {
    co_return error("nope", "no");
}

asio::awaitable<result<int>> throws_at_once() {
    throw std::runtime_error("broken");
    co_return 0; // makes it a coroutine
}

asio::awaitable<result<int>> never(bool& cleaned_up) {
    struct on_exit {
        bool& flag;

        ~on_exit() { flag = true; }
    };

    const on_exit mark{cleaned_up};
    asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::use_awaitable);
    co_return 1;
}

// Ends on cancellation without an exception, with a value of its own.
asio::awaitable<result<std::string>> polite(runtime::event& latch) {
    co_await latch.wait();
    co_return std::string("polite");
}

asio::awaitable<std::string> name_after(base::duration limit, runtime::event& latch) {
    auto came = co_await within(limit, polite(latch));
    co_return came ? *came : came.error().code();
}

} // namespace

TEST_CASE("what ends in time is handed on") {
    asio::io_context loop;
    CHECK(test::run(loop, within(1h, value_at_once(7))) == result<int>(7));
    CHECK(test::run(loop, within(1h, nothing_at_once())));
    CHECK(test::run(loop, within(1h, error_at_once())).error() == error("nope", "no"));
}

TEST_CASE("an exception leaves at once, not at the limit") {
    asio::io_context loop;
    CHECK_THROWS_WITH(test::run(loop, within(1h, throws_at_once())), "broken");
}

TEST_CASE("what takes too long is cancelled, cleaned up, and named with the limit") {
    asio::io_context loop;
    bool cleaned_up = false;
    const auto came = test::run(loop, within(1ms, never(cleaned_up)));
    REQUIRE_FALSE(came);
    CHECK(came.error() == error("deadline", "it took longer than 1ms", true));
    CHECK(cleaned_up);
}

TEST_CASE("the body's own end wins over the cancellation when it comes first") {
    asio::io_context loop;
    runtime::event latch(loop.get_executor());
    CHECK(test::run(loop, name_after(1ms, latch)) == "deadline");
    latch.set();
    CHECK(test::run(loop, name_after(1h, latch)) == "polite");
}

TEST_CASE("a cancelled caller cancels the body too") {
    asio::io_context loop;
    asio::cancellation_signal signal;
    bool cleaned_up = false;
    bool ended = false;
    asio::co_spawn(
        loop, within(1h, never(cleaned_up)),
        asio::bind_cancellation_slot(signal.slot(), [&ended](std::exception_ptr, result<int>) { ended = true; }));
    loop.poll();
    CHECK_FALSE(cleaned_up);
    signal.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.run();
    CHECK(cleaned_up);
    CHECK(ended);
}
