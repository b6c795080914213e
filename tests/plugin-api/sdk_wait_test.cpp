#include "scripted.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

using namespace scripted;
using namespace std::chrono_literals;

namespace {

/// Two connected sockets that do not block.
struct pair {
    int near = -1;
    int far = -1;

    pair() {
        int fds[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
        near = fds[0];
        far = fds[1];
    }

    pair(const pair&) = delete;
    pair& operator=(const pair&) = delete;

    ~pair() {
        ::close(near);
        ::close(far);
    }
};

} // namespace

TEST_CASE("a sleeping coroutine wakes when the host's clock reaches its time and not before") {
    bench b;
    const auto op = b.start([](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto how = co_await sdk::sleep_until(c.host().after(100ms));
        c.emit(name_of(how));
        co_return sdk::done();
    });
    b.host.loop().advance(99ms);
    CHECK_FALSE(b.host.result(op).completed);
    b.host.loop().advance(1ms);
    CHECK(b.host.result(op).output == "ready");
    CHECK(b.host.loop().timer_count() == 0);
}

TEST_CASE("a wait for a descriptor ends when there is something to read") {
    bench b;
    pair p;
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto how = co_await sdk::readable(p.near, c.host().after(1s));
        c.emit(name_of(how));
        co_return sdk::done();
    });
    CHECK_FALSE(b.host.result(op).completed);
    REQUIRE(::write(p.far, "x", 1) == 1);
    CHECK(b.host.wait(op).output == "ready");
    CHECK(b.host.loop().watch_count() == 0);
    CHECK(b.host.loop().timer_count() == 0);
}

TEST_CASE("a wait for a descriptor that stays silent ends at its deadline") {
    bench b;
    pair p;
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto how = co_await sdk::readable(p.near, c.host().after(1s));
        c.emit(name_of(how));
        co_return sdk::done();
    });
    b.host.loop().advance(1s);
    CHECK(b.host.result(op).output == "timed out");
    CHECK(b.host.loop().watch_count() == 0);
}

TEST_CASE("cancelling an operation wakes its wait, and later waits end at once") {
    bench b;
    pair p;
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto first = co_await sdk::readable(p.near);
        c.emit(name_of(first));
        const auto second = co_await sdk::sleep_until(sdk::never);
        c.emit("," + name_of(second));
        co_return sdk::error::cancelled();
    });
    b.under_test.cancel(op);
    b.host.loop().run_ready();
    CHECK(b.host.result(op).output == "cancelled,cancelled");
    CHECK(b.host.result(op).status == FRL_CANCELLED);
    CHECK(b.host.loop().watch_count() == 0);
}

TEST_CASE("a shielded task waits on after the cancellation, to tidy up") {
    bench b;

    struct tidy {
        static sdk::task<> up(sdk::call& c) {
            const auto how = co_await sdk::sleep_until(c.host().after(50ms));
            c.emit("tidied " + name_of(how));
        }
    };

    const auto op = b.start([](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        co_await sdk::sleep_until(sdk::never);
        co_await tidy::up(c).shielded();
        co_return sdk::error::cancelled();
    });
    b.under_test.cancel(op);
    b.host.loop().run_ready();
    CHECK_FALSE(b.host.result(op).completed);
    b.host.loop().advance(50ms);
    CHECK(b.host.result(op).output == "tidied ready");
}

TEST_CASE("a reader and a writer wait on one watch at the same time") {
    bench b;
    pair p;
    const auto op = b.start([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        sdk::watch watched(s.home(), p.near);
        struct other {
            static sdk::task<> write(sdk::watch& w, sdk::call& out) {
                const auto how = co_await w.writable();
                out.emit(how.ready() && (how.events & FRL_FD_WRITE) != 0 ? "written " : "? ");
            }
        };
        s.spawn(other::write(watched, c));
        const auto how = co_await watched.readable();
        c.emit((how.events & FRL_FD_READ) != 0 ? "read" : "?");
        co_return sdk::done();
    });
    CHECK(b.host.result(op).output == "written ");
    REQUIRE(::write(p.far, "x", 1) == 1);
    CHECK(b.host.wait(op).output == "written read");
}

TEST_CASE("a watch that nobody waits on is paused and does not spin") {
    bench b;
    pair p;
    sdk::event go;
    const auto op = b.start([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        sdk::watch watched(s.home(), p.near);
        const auto first = co_await watched.readable();
        co_await go.wait(); // the byte is still unread
        const auto second = co_await watched.readable();
        c.emit(name_of(first.status) + "," + name_of(second.status));
        co_return sdk::done();
    });
    REQUIRE(::write(p.far, "x", 1) == 1);
    b.host.loop().run_ready(); // would never return if the watch stayed armed
    CHECK_FALSE(b.host.result(op).completed);
    go.set();
    CHECK(b.host.wait(op).output == "ready,ready");
}

TEST_CASE("a closed peer wakes readers with an error bit") {
    bench b;
    pair p;
    const auto op = b.start([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        sdk::watch watched(s.home(), p.near);
        const auto how = co_await watched.readable();
        c.emit((how.events & FRL_FD_ERROR) != 0 ? "error" : "fine");
        co_return sdk::done();
    });
    ::shutdown(p.near, SHUT_RDWR);
    ::shutdown(p.far, SHUT_RDWR);
    CHECK(b.host.wait(op).output == "error");
}

TEST_CASE("a watch on something that cannot be polled fails the operation with a reason") {
    bench b;
    const auto outcome = b.run([](session&, sdk::call&) -> sdk::task<sdk::reply> {
        co_await sdk::readable(-1);
        co_return sdk::done();
    });
    CHECK(outcome.status == FRL_FAILED);
    CHECK_THAT(outcome.json, Catch::Contains("refused to watch descriptor -1"));
}

TEST_CASE("a manual event lets everyone through until it is reset") {
    bench b;
    sdk::event gate;
    std::string seen;

    struct waiter {
        static sdk::task<> one(sdk::event& e, std::string& out) {
            const auto how = co_await e.wait();
            out += name_of(how) + " ";
        }
    };

    const auto op = b.start([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        s.spawn(waiter::one(gate, seen));
        s.spawn(waiter::one(gate, seen));
        co_await sdk::sleep_until(c.host().after(1ms));
        gate.set();
        co_await sdk::sleep_until(c.host().after(1ms));
        co_await gate.wait();
        gate.reset();
        const auto how = co_await gate.wait(c.host().after(1ms));
        seen += name_of(how);
        co_return sdk::done();
    });
    CHECK(b.host.wait(op).ok());
    CHECK(seen == "ready ready timed out");
}

TEST_CASE("an automatic event lets one waiter through for each set, and remembers one") {
    bench b;
    sdk::event turn(sdk::event::mode::automatic);
    turn.set();
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto first = co_await turn.wait(c.host().after(1ms));
        const auto second = co_await turn.wait(c.host().after(1ms));
        c.emit(name_of(first) + "," + name_of(second));
        co_return sdk::done();
    });
    CHECK(b.host.wait(op).output == "ready,timed out");
}

TEST_CASE("an event that is destroyed releases its waiters as cancelled") {
    bench b;
    auto gate = std::make_unique<sdk::event>();
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const auto how = co_await gate->wait();
        c.emit(name_of(how));
        co_return sdk::done();
    });
    gate.reset();
    CHECK(b.host.wait(op).output == "cancelled");
}

TEST_CASE("a loop over tasks that end at once does not grow the stack") {
    bench b;

    struct counter {
        static sdk::task<int> next(int n) { co_return n + 1; }
    };

    const auto outcome = b.run([](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        int n = 0;
        while (n < 300'000) {
            n = co_await counter::next(n);
        }
        c.emit(std::to_string(n));
        co_return sdk::done();
    });
    CHECK(outcome.output == "300000");
}

TEST_CASE("waking a coroutine never runs it inside the code that woke it") {
    bench b;
    sdk::event gate;
    std::string order;

    struct waiter {
        static sdk::task<> one(sdk::event& e, std::string& out) {
            co_await e.wait();
            out += "woken ";
        }
    };

    const auto outcome = b.run([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        s.spawn(waiter::one(gate, order));
        co_await sdk::sleep_until(c.host().after(1ms));
        gate.set();
        order += "after set ";
        co_await sdk::sleep_until(c.host().after(1ms));
        co_return sdk::done();
    });
    CHECK(outcome.ok());
    CHECK(order == "after set woken ");
}

TEST_CASE("a host that lacks a call is named as too old") {
    th::host host;
    host.cut_table(offsetof(frl_host, timer_start));
    const auto component = component_for<driver>();
    th::driver d(host, component);
    REQUIRE(host.wait(d.open(1, "{}")).ok());
    session::on_exec = [](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        co_await sdk::sleep_until(c.host().after(1ms));
        co_return sdk::done();
    };
    const auto outcome = host.wait(d.exec(1, "{}"));
    CHECK_THAT(outcome.json, Catch::Contains("host_too_old") && Catch::Contains("'timer_start'") &&
                                 Catch::Contains("upgrade Ferrule"));
}

TEST_CASE("a timer's function runs once at its time, and not at all when the timer is gone") {
    bench b;
    int fired = 0;
    const auto op = b.start([&](session& s, sdk::call& c) -> sdk::task<sdk::reply> {
        sdk::timer kept(s.home(), [&] { ++fired; });
        kept.start(c.host().after(5ms));
        {
            sdk::timer gone(s.home(), [&] { fired += 100; });
            gone.start(c.host().after(2ms));
        }
        co_await sdk::sleep_until(c.host().after(20ms));
        co_return sdk::done();
    });
    CHECK(b.host.wait(op).ok());
    CHECK(fired == 1);
}
