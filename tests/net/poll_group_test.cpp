#include "net/poll_group.hpp"

#include <boost/asio/post.hpp>

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <future>
#include <semaphore>
#include <vector>

using ferrule::net::poll_group;
using namespace std::chrono_literals;

namespace {

/// A pair of connected sockets.
struct pipe_pair {
    pipe_pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0); }

    pipe_pair(const pipe_pair&) = delete;
    pipe_pair& operator=(const pipe_pair&) = delete;

    ~pipe_pair() {
        for (const int each : ends)
            if (each >= 0)
                ::close(each);
    }

    void send() const { REQUIRE(::write(ends[1], "x", 1) == 1); }

    /// From callbacks, so without an assertion.
    void receive() const {
        char byte = 0;
        if (::read(ends[0], &byte, 1) != 1)
            std::abort();
    }

    void close(int which) {
        ::close(ends.at(static_cast<std::size_t>(which)));
        ends.at(static_cast<std::size_t>(which)) = -1;
    }

    std::array<int, 2> ends{-1, -1};
};

/// Waits for a promise; assertions on this thread begin only after it, because Catch2 takes them from one thread at a
/// time.
template <class T>
T wait(std::promise<T>& of) {
    auto told = of.get_future();
    const auto state = told.wait_for(30s);
    REQUIRE(state == std::future_status::ready);
    return told.get();
}

/// Watches call it with the events.
struct listener {
    std::function<void(std::uint32_t)> call;

    static void on_event(void* arg, std::uint32_t events) { static_cast<listener*>(arg)->call(events); }
};

/// Lets a test act on the strand of a group.
struct stage {
    stage()
        : strand(loop.make_strand())
        , group(strand) {
        loop.start();
    }

    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    ~stage() {
        run([this] { group.close(); });
        loop.stop();
        loop.join();
    }

    void run(std::function<void()> what) {
        std::promise<void> done;
        boost::asio::post(strand, [&] {
            what();
            done.set_value();
        });
        wait(done);
    }

    std::uint64_t watch(int fd, std::uint32_t events, listener& with) {
        std::uint64_t out = 0;
        run([&] { out = group.watch(fd, events, &listener::on_event, &with); });
        return out;
    }

    ferrule::runtime::io loop{2};
    ferrule::runtime::strand strand;
    poll_group group;
};

#ifndef __SANITIZE_ADDRESS__
/// While it lives the process can open nothing.
struct no_more_descriptors {
    no_more_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before);
        auto none = before;
        none.rlim_cur = 0;
        ::setrlimit(RLIMIT_NOFILE, &none);
    }

    no_more_descriptors(const no_more_descriptors&) = delete;
    no_more_descriptors& operator=(const no_more_descriptors&) = delete;

    ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }

    rlimit before{};
};
#endif

} // namespace

TEST_CASE("a ready descriptor is reported again and again until it is read") {
    stage on;
    const pipe_pair pair;
    std::promise<void> thrice;
    int times = 0;
    listener hears;
    bool other = false;
    hears.call = [&](std::uint32_t events) {
        other = other || events != poll_group::readable;
        if (++times < 3)
            return;
        pair.receive();
        thrice.set_value();
    };
    CHECK(on.watch(pair.ends[0], poll_group::readable, hears) != 0);
    pair.send();
    wait(thrice);
    on.run([] {});
    CHECK_FALSE(other);
    CHECK(times == 3);
}

TEST_CASE("after unwatch nothing follows, even for events that were fetched together") {
    stage on;
    const pipe_pair one;
    const pipe_pair two;
    std::array<std::uint64_t, 2> ids{};
    std::array<listener, 2> hears;
    std::promise<bool> heard;
    int calls = 0;
    for (std::size_t i = 0; i < 2; ++i)
        hears.at(i).call = [&, i](std::uint32_t) {
            ++calls;
            // Whichever comes first ends both.
            const bool right =
                on.group.unwatch(ids.at(1 - i)) && on.group.unwatch(ids.at(i)) && !on.group.unwatch(ids.at(i));
            heard.set_value(right);
        };
    one.send();
    two.send();
    on.run([&] {
        ids[0] = on.group.watch(one.ends[0], poll_group::readable, &listener::on_event, hears.data());
        ids[1] = on.group.watch(two.ends[0], poll_group::readable, &listener::on_event, &hears[1]);
    });
    CHECK(wait(heard));
    on.run([] {});
    CHECK(calls == 1);
    CHECK(on.group.size() == 0);
}

TEST_CASE("an event fetched for a descriptor that was closed does not reach the next one of that number") {
    const pipe_pair first;
    pipe_pair second;
    const pipe_pair third;
    const int number = second.ends[0];
    listener ends;
    listener silent;
    listener fresh;
    std::uint64_t second_id = 0;
    std::promise<bool> acted;
    int wrong = 0;
    stage on; // ends before what its watches use
    ends.call = [&](std::uint32_t) {
        first.receive();
        bool right = on.group.unwatch(second_id);
        second.close(0);
        right = ::dup2(third.ends[0], number) == number && right;
        second.ends[0] = number;
        right = on.group.watch(number, poll_group::readable, &listener::on_event, &fresh) != 0 && right;
        acted.set_value(right);
    };
    silent.call = [&](std::uint32_t) { ++wrong; };
    fresh.call = [&](std::uint32_t) { ++wrong; };
    first.send();
    second.send();
    on.run([&] {
        // Ready ones are handed out in the order of their watches.
        CHECK(on.group.watch(first.ends[0], poll_group::readable, &listener::on_event, &ends) != 0);
        second_id = on.group.watch(number, poll_group::readable, &listener::on_event, &silent);
    });
    CHECK(wait(acted));
    on.run([] {});
    on.run([] {});
    CHECK(wrong == 0);
}

TEST_CASE("a descriptor that was closed without unwatch does not keep its number") {
    stage on;
    pipe_pair gone;
    pipe_pair next;
    const int number = gone.ends[0];
    listener old;
    listener fresh;
    std::promise<void> heard;
    bool wrong = false;
    old.call = [&](std::uint32_t) { wrong = true; };
    fresh.call = [&](std::uint32_t) {
        gone.receive();
        heard.set_value();
    };
    const auto old_id = on.watch(number, poll_group::readable, old);
    gone.close(0);
    REQUIRE(::dup2(next.ends[0], number) == number);
    gone.ends[0] = number;
    next.close(0);
    const auto fresh_id = on.watch(number, poll_group::readable, fresh);
    REQUIRE(fresh_id != 0);
    on.run([&] {
        CHECK(on.group.unwatch(old_id)); // must not end the new one
        CHECK(on.group.size() == 1);
    });
    next.send();
    wait(heard);
    on.run([&] { CHECK(on.group.unwatch(fresh_id)); });
    CHECK_FALSE(wrong);
}

TEST_CASE("a descriptor kept alive by a duplicate after it was closed and unwatched does not disturb the others") {
    stage on;
    pipe_pair gone;
    const pipe_pair stays;
    listener old;
    listener other;
    bool wrong = false;
    old.call = [&](std::uint32_t) { wrong = true; };
    std::promise<void> heard;
    other.call = [&](std::uint32_t) {
        stays.receive();
        heard.set_value();
    };
    const auto old_id = on.watch(gone.ends[0], poll_group::readable, old);
    CHECK(on.watch(stays.ends[0], poll_group::readable, other) != 0);
    const int copy = ::dup(gone.ends[0]);
    gone.close(0);
    on.run([&] { CHECK(on.group.unwatch(old_id)); });
    gone.send(); // the kernel still reports it
    stays.send();
    wait(heard);
    on.run([] {});
    ::close(copy);
    CHECK_FALSE(wrong);
}

#ifndef __SANITIZE_ADDRESS__ // which needs descriptors itself to look at objects
TEST_CASE("when there is no descriptor for a fresh set the others are heard again from the next watch on") {
    pipe_pair gone;
    const pipe_pair stays;
    const pipe_pair next;
    listener old;
    listener other;
    std::counting_semaphore<2> heard{0};
    std::counting_semaphore<2> held{0};
    stage on; // ends before what its watches use
    other.call = [&](std::uint32_t) {
        stays.receive();
        heard.release();
    };
    const auto old_id = on.watch(gone.ends[0], poll_group::readable, old);
    CHECK(on.watch(stays.ends[0], poll_group::readable, other) != 0);
    const int copy = ::dup(gone.ends[0]);
    gone.close(0);
    on.run([&] { CHECK(on.group.unwatch(old_id)); });
    bool before = false;
    {
        const no_more_descriptors full;
        boost::asio::post(on.strand, [&] { held.acquire(); }); // so that both are found together
        gone.send();                                           // the kernel reports what nobody watches any more
        stays.send();
        held.release();
        before = heard.try_acquire_for(30s);
        boost::asio::post(on.strand, [&] { heard.release(); });
        before = heard.try_acquire_for(30s) && before;
    }
    CHECK(before);
    stays.send();
    CHECK(on.watch(next.ends[0], poll_group::readable, old) != 0);
    CHECK(heard.try_acquire_for(30s));
    ::close(copy);
}
#endif

TEST_CASE("a descriptor has one watch, and some cannot be watched") {
    stage on;
    const pipe_pair pair;
    listener none;
    CHECK(on.watch(pair.ends[0], poll_group::readable, none) != 0);
    CHECK(on.watch(pair.ends[0], poll_group::writable, none) == 0);
    CHECK(on.watch(-1, poll_group::readable, none) == 0);
    CHECK(on.watch(9999, poll_group::readable, none) == 0);
}

TEST_CASE("a paused watch hears nothing, not even an error, until it is resumed") {
    stage on;
    pipe_pair pair;
    listener hears;
    std::promise<std::uint32_t> heard;
    std::uint64_t id = 0;
    int calls = 0;
    hears.call = [&](std::uint32_t events) {
        if (++calls == 1)
            heard.set_value(events);
        on.group.modify(id, 0);
    };
    id = on.watch(pair.ends[0], 0, hears);
    REQUIRE(id != 0);
    pair.close(1);
    on.run([] {});
    CHECK(calls == 0);
    on.run([&] { CHECK(on.group.modify(id, poll_group::readable)); });
    const auto told = wait(heard);
    CHECK(told == (poll_group::readable | poll_group::failed));
    on.run([] {});
    CHECK(calls == 1);
}
