#include "devices/login_groups.hpp"

#include "runtime/event.hpp"
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
#include <future>
#include <memory>

using namespace ferrule;
using namespace std::chrono_literals;
using devices::login_groups;
namespace asio = boost::asio;

namespace {

/// Everything on one strand, so that what happens is a matter of order and not of time.
class scene {
  public:
    ~scene() { loop_.stop(); }

    /// A login that enters, waits for `go`, and ends with this code; gives what it was told, "led CODE" or how the one
    /// before it failed.
    std::future<std::string> login(const std::string& name, const std::string& code, runtime::event& go) {
        return asio::co_spawn(strand_, one(name, code, go), asio::use_future);
    }

    std::unique_ptr<runtime::event> event() { return std::make_unique<runtime::event>(strand_); }

    /// Lets everything go on until nothing is left to do but to wait.
    void settle() {
        loop_.context().restart();
        loop_.context().poll();
    }

    /// The same for what a timer ends.
    void run_until_ready(std::future<std::string>& what) {
        loop_.context().restart();
        while (what.wait_for(0s) != std::future_status::ready)
            loop_.context().run_one();
    }

    login_groups groups;
    int side_by_side = 0;
    int most = 0;
    base::steady_time deadline = base::steady_time::max();

  private:
    asio::awaitable<std::string> one(std::string name, std::string code, runtime::event& go) {
        auto pass = co_await groups.enter(std::move(name), deadline);
        if (!pass)
            co_return "left";
        if (pass->failed_before())
            co_return "as before: " + pass->failed_before()->code();
        most = std::max(most, ++side_by_side);
        co_await go.wait();
        --side_by_side;
        if (code == "throws")
            throw std::runtime_error("thrown");
        if (code == "ok")
            pass->succeeded();
        else
            pass->failed(error(code, "it failed"));
        co_return "tried: " + code;
    }

    // What waits in the loop refers to the groups; the signal refers to the loop.
    runtime::io loop_;

  public:
    runtime::strand strand_ = loop_.make_strand();
    asio::cancellation_signal stop;
};

bool is_ready(std::future<std::string>& what) {
    return what.wait_for(0s) == std::future_status::ready;
}

} // namespace

TEST_CASE("of logins of one kind at the same time one leads, and the others follow side by side once it is in") {
    scene on;
    const auto lead = on.event();
    const auto rest = on.event();
    auto first = on.login("a", "ok", *lead);
    std::vector<std::future<std::string>> others;
    for (int i = 0; i < 5; ++i)
        others.push_back(on.login("a", "ok", *rest));
    auto another = on.login("b", "ok", *lead); // of another kind, so it need not wait
    on.settle();
    CHECK(on.side_by_side == 2);
    lead->set();
    on.settle();
    CHECK(first.get() == "tried: ok");
    CHECK(another.get() == "tried: ok");
    CHECK(on.side_by_side == 5);
    auto late = on.login("a", "ok", *rest);
    on.settle();
    CHECK(on.side_by_side == 6); // the group lasts, and it is proven
    rest->set();
    on.settle();
    CHECK(late.get() == "tried: ok");
    for (auto& each : others)
        CHECK(each.get() == "tried: ok");
}

TEST_CASE("when the login that leads fails, those who waited for it share its error, and the next one tries anew") {
    scene on;
    const auto go = on.event();
    auto first = on.login("a", "auth_failed", *go);
    auto second = on.login("a", "ok", *go);
    auto third = on.login("a", "ok", *go);
    on.settle();
    CHECK(on.most == 1);
    go->set();
    on.settle();
    CHECK(first.get() == "tried: auth_failed");
    CHECK(second.get() == "as before: auth_failed");
    CHECK(third.get() == "as before: auth_failed");
    auto next = on.login("a", "ok", *go);
    on.settle();
    CHECK(next.get() == "tried: ok");
}

TEST_CASE("what ends the lead for reasons of its own leaves it to the next") {
    scene on;
    const auto* code = GENERATE("cancelled", "deadline", "throws");
    const auto lead = on.event();
    const auto rest = on.event();
    auto first = on.login("a", code, *lead);
    auto second = on.login("a", "ok", *rest);
    auto third = on.login("a", "ok", *rest);
    on.settle();
    lead->set();
    on.settle();
    if (code == std::string("throws"))
        CHECK_THROWS(first.get());
    else
        CHECK(first.get() == std::string("tried: ") + code);
    CHECK(on.most == 1);
    CHECK(on.side_by_side == 1);
    rest->set();
    on.settle();
    CHECK(second.get() == "tried: ok");
    CHECK(third.get() == "tried: ok");
}

TEST_CASE("a refusal after a success makes the next login lead again") {
    scene on;
    const auto first_go = on.event();
    const auto second_go = on.event();
    const auto third_go = on.event();
    auto first = on.login("a", "ok", *first_go);
    on.settle();
    auto stays = on.login("a", "ok", *third_go);
    auto refused = on.login("a", "auth_failed", *second_go);
    first_go->set();
    on.settle();
    CHECK(on.side_by_side == 2);
    second_go->set();
    on.settle();
    CHECK(refused.get() == "tried: auth_failed");
    auto leads = on.login("a", "ok", *third_go);
    auto waits = on.login("a", "ok", *third_go);
    on.settle();
    CHECK(on.side_by_side == 2); // the one that got in before, and the one that leads
    third_go->set();
    on.settle();
    for (auto* each : {&first, &stays, &leads, &waits})
        CHECK(each->get() == "tried: ok");
}

TEST_CASE("who waits for the one that leads goes at its deadline or when it is cancelled") {
    scene on;
    const auto go = on.event();
    auto first = on.login("a", "ok", *go);
    on.settle();
    on.deadline = base::steady_time::min();
    auto late = on.login("a", "ok", *go);
    on.run_until_ready(late);
    CHECK(late.get() == "left");
    std::optional<bool> left;
    auto waits = on.groups.enter("a", base::steady_time::max());
    asio::co_spawn(on.strand_, std::move(waits),
                   asio::bind_cancellation_slot(
                       on.stop.slot(), [&left](const std::exception_ptr&, auto pass) { left = !pass.has_value(); }));
    on.settle();
    CHECK_FALSE(left);
    on.stop.emit(asio::cancellation_type::terminal);
    on.settle();
    CHECK(left.has_value());
    CHECK_FALSE(is_ready(first));
    go->set();
    on.settle();
    CHECK(first.get() == "tried: ok");
}
