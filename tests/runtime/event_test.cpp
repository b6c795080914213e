#include "runtime/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include "support/run.hpp"

using namespace ferrule;
using namespace std::chrono_literals;
using runtime::event;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> wait_and_count(event& latch, int& woken) {
    co_await latch.wait();
    ++woken;
}

asio::awaitable<void> wait_until_and_note(event& latch, base::steady_time deadline, std::optional<bool>& outcome) {
    outcome = co_await latch.wait_until(deadline);
}

base::steady_time now() {
    return std::chrono::steady_clock::now();
}

} // namespace

TEST_CASE("a set event lets everyone pass, now and later, until it is reset") {
    asio::io_context loop;
    event latch(loop.get_executor());
    int woken = 0;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(loop, wait_and_count(latch, woken), asio::detached);
    loop.poll();
    CHECK(woken == 0);
    latch.set();
    loop.restart();
    loop.run();
    CHECK(woken == 3);
    CHECK(latch.is_set());
    test::run(loop, wait_and_count(latch, woken));
    CHECK(woken == 4);
    latch.reset();
    CHECK_FALSE(latch.is_set());
    asio::co_spawn(loop, wait_and_count(latch, woken), asio::detached);
    loop.restart();
    loop.poll();
    CHECK(woken == 4);
    latch.set();
    loop.restart();
    loop.run();
    CHECK(woken == 5);
}

TEST_CASE("an event that is set and reset at once still lets nobody be lost") {
    asio::io_context loop;
    event latch(loop.get_executor());
    int woken = 0;
    asio::co_spawn(loop, wait_and_count(latch, woken), asio::detached);
    loop.poll();
    latch.set();
    latch.reset();
    loop.restart();
    loop.poll();
    CHECK(woken == 0); // it is closed again, so the waiter goes on waiting
    latch.set();
    loop.restart();
    loop.run();
    CHECK(woken == 1);
}

TEST_CASE("waiting ends at its deadline and says whether the event was set") {
    asio::io_context loop;
    event latch(loop.get_executor());
    CHECK_FALSE(test::run(loop, latch.wait_until(now() + 1ms)));
    CHECK_FALSE(test::run(loop, latch.wait_until(now() - 1s)));
    latch.set();
    CHECK(test::run(loop, latch.wait_until(now() - 1s)));
}

TEST_CASE("the deadline of one waiter does not end the waiting of another") {
    asio::io_context loop;
    event latch(loop.get_executor());
    int woken = 0;
    std::optional<bool> outcome;
    asio::co_spawn(loop, wait_and_count(latch, woken), asio::detached);
    asio::co_spawn(loop, wait_until_and_note(latch, now() + 1ms, outcome), asio::detached);
    while (!outcome)
        loop.run_one();
    CHECK(*outcome == false);
    CHECK(woken == 0);
    latch.set();
    loop.run();
    CHECK(woken == 1);
}

TEST_CASE("an event set in the moment in which the deadline passes wakes once and touches nothing that is gone") {
    asio::io_context loop;
    event latch(loop.get_executor());
    std::optional<bool> outcome;
    const auto deadline = now() + 5ms;
    asio::co_spawn(loop, wait_until_and_note(latch, deadline, outcome), asio::detached);
    loop.poll();
    // The wake-up by the latch is queued first, the expiry of the timer right behind it.
    asio::post(loop, [&] {
        while (now() <= deadline) {
        }
        latch.set();
    });
    loop.restart();
    loop.run();
    CHECK(outcome == true);
}

TEST_CASE("a cancelled waiter ends") {
    asio::io_context loop;
    event latch(loop.get_executor());
    asio::cancellation_signal signal;
    bool ended = false;
    asio::co_spawn(loop, latch.wait(),
                   asio::bind_cancellation_slot(signal.slot(), [&ended](const std::exception_ptr&) { ended = true; }));
    loop.poll();
    CHECK_FALSE(ended);
    signal.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.run();
    CHECK(ended);
}
