#include "runtime/turns.hpp"

#include "runtime/io.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>

using namespace ferrule;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> pass(runtime::turns& turns, std::atomic<int>& inside, std::atomic<int>& most) {
    const auto turn = co_await turns.take();
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    --inside;
}

asio::awaitable<bool> take(runtime::turns& turns, base::steady_time deadline) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto turn = co_await turns.take(deadline);
    co_return turn.has_value();
}

} // namespace

TEST_CASE("never more than the given number have a turn, and everyone gets one") {
    runtime::turns turns(3);
    runtime::io loop(4);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::vector<std::future<void>> all;
    for (int i = 0; i < 500; ++i)
        all.push_back(asio::co_spawn(loop.make_strand(), pass(turns, inside, most), asio::use_future));
    loop.start();
    for (auto& each : all)
        each.get();
    CHECK(inside == 0);
    CHECK(most <= 3);
}

TEST_CASE("who waits for a turn leaves at its deadline or when it is cancelled, and takes no turn along") {
    runtime::turns turns(1);
    runtime::io loop(2);
    loop.start();
    auto held = std::make_unique<std::optional<runtime::turns::turn>>(
        asio::co_spawn(loop.make_strand(), turns.take(), asio::use_future).get());
    REQUIRE(held->has_value());

    const auto soon = base::steady_time(std::chrono::steady_clock::now().time_since_epoch()) + 10ms;
    CHECK_FALSE(asio::co_spawn(loop.make_strand(), take(turns, soon), asio::use_future).get());

    asio::cancellation_signal stop;
    const auto strand = loop.make_strand();
    std::promise<bool> got;
    asio::post(strand, [&] {
        asio::co_spawn(strand, take(turns, base::steady_time::max()),
                       asio::bind_cancellation_slot(
                           stop.slot(), [&got](const std::exception_ptr&, bool given) { got.set_value(given); }));
        asio::post(strand, [&stop] { stop.emit(asio::cancellation_type::terminal); });
    });
    CHECK_FALSE(got.get_future().get());

    auto next = asio::co_spawn(loop.make_strand(), take(turns, base::steady_time::max()), asio::use_future);
    held.reset();
    CHECK(next.get());
}
