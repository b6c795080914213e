#include "scripted.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

using namespace scripted;
using namespace std::chrono_literals;

TEST_CASE("a session lives from open to close") {
    bench b;
    CHECK(session::alive == 1);
    CHECK(b.host.wait(b.under_test.close(1)).ok());
    CHECK(session::alive == 0);
}

TEST_CASE("an exception in a session becomes the operation's internal error") {
    bench b;
    const auto outcome = b.run([](session&, sdk::call&) -> sdk::task<sdk::reply> {
        throw std::runtime_error("out of cheese");
        co_return sdk::done();
    });
    CHECK(outcome.status == FRL_FAILED);
    CHECK_THAT(outcome.json, Catch::Contains("\"internal\"") && Catch::Contains("out of cheese"));
    SECTION("and the session goes on") {
        CHECK(b.run([](session&, sdk::call&) -> sdk::task<sdk::reply> { co_return sdk::done(); }).ok());
    }
}

TEST_CASE("an exception before the first suspension is caught too") {
    bench b;
    const auto outcome = b.run(
        [](session&, sdk::call&) -> sdk::task<sdk::reply> { throw sdk::failure(sdk::error("bad", "Bad.", true)); });
    CHECK(outcome.json == R"({"code":"bad","message":"Bad.","retryable":true})");
}

TEST_CASE("a request is read where the host keeps it, until the operation is completed") {
    bench b;
    bool same = false;
    const auto op = b.start([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        co_await sdk::sleep_until(c.host().after(1s));
        same = session::request == "{}";
        co_return sdk::done();
    });
    CHECK(session::request.data() == b.host.request(op).ptr);
    CHECK(b.host.wait(op).ok());
    CHECK(same);
    CHECK_THROWS(b.host.request(op));
}

TEST_CASE("close cancels what runs on the session, lets it end, and then says goodbye") {
    bench b;
    std::string order;
    session::on_close = [&](session&, sdk::call&) -> sdk::task<sdk::reply> {
        order += "goodbye";
        co_return sdk::done();
    };
    const auto op = b.start([&](session&, sdk::call&) -> sdk::task<sdk::reply> {
        const auto how = co_await sdk::sleep_until(sdk::never);
        order += name_of(how) + " ";
        co_return sdk::error::cancelled();
    });
    const auto closed = b.under_test.close(1);
    CHECK(b.host.wait(closed).ok());
    CHECK(b.host.result(op).status == FRL_CANCELLED);
    CHECK(order == "cancelled goodbye");
    CHECK(session::alive == 0);
}

TEST_CASE("background coroutines of a session end with it") {
    bench b;

    struct background {
        static sdk::task<> forever(std::shared_ptr<int>) { co_await sdk::sleep_until(sdk::never); }
    };

    const auto token = std::make_shared<int>(1);
    REQUIRE(b.run([&](session& s, sdk::call&) -> sdk::task<sdk::reply> {
                 s.spawn(background::forever(token));
                 co_return sdk::done();
             }).ok());
    CHECK(token.use_count() == 2);
    CHECK(b.host.wait(b.under_test.close(1)).ok());
    CHECK(token.use_count() == 1);
}

TEST_CASE("an instance that is destroyed completes what was still running with an error") {
    bench b;
    const auto op = b.start([](session&, sdk::call&) -> sdk::task<sdk::reply> {
        co_await sdk::sleep_until(sdk::never);
        co_return sdk::done();
    });
    b.under_test.destroy();
    CHECK(b.host.result(op).completions == 1);
    CHECK_THAT(b.host.result(op).json, Catch::Contains("without completing it"));
    CHECK(session::alive == 0);
    CHECK(b.host.loop().timer_count() == 0);
}

TEST_CASE("an instance may end while its work is on the pool or its answer on the way") {
    bench b;
    b.host.services().hold();
    b.start([](session&, sdk::call&) -> sdk::task<sdk::reply> {
        auto found = co_await sdk::resolve("192.0.2.1");
        co_return found ? sdk::done() : sdk::reply(found.error());
    });
    b.under_test.destroy_abruptly();
    CHECK(session::alive == 0);
    b.host.services().release();
    b.host.loop().run_ready();
}

TEST_CASE("a command on a session that does not exist is lost, not a crash") {
    bench b;
    CHECK_THAT(b.host.wait(b.under_test.exec(77, "{}")).json, Catch::Contains("session_lost") && Catch::Contains("77"));
    CHECK_THAT(b.host.wait(b.under_test.keepalive(77)).json, Catch::Contains("session_lost"));
    CHECK_THAT(b.host.wait(b.under_test.close(77)).json, Catch::Contains("session_lost"));
}

TEST_CASE("a second command at the same time is refused") {
    bench b;
    const auto first = b.start([](session&, sdk::call&) -> sdk::task<sdk::reply> {
        co_await sdk::sleep_until(sdk::never);
        co_return sdk::error::cancelled();
    });
    CHECK_THAT(b.host.wait(b.under_test.exec(1, "{}")).json, Catch::Contains("busy"));
    b.under_test.cancel(first);
    CHECK(b.host.wait(first).status == FRL_CANCELLED);
}

TEST_CASE("a session that ends by itself is reported to the host") {
    bench b;
    REQUIRE(b.run([](session& s, sdk::call&) -> sdk::task<sdk::reply> {
                 s.lost(sdk::error("session_lost", "The peer closed the connection.", true));
                 co_return sdk::done();
             }).ok());
    REQUIRE(b.host.services().lost_sessions().size() == 1);
    CHECK(b.host.services().lost_sessions()[0].session == 1);
    CHECK_THAT(b.host.services().lost_sessions()[0].error, Catch::Contains("peer closed"));
}

TEST_CASE("emitting says when nobody wants more") {
    bench b;
    b.host.limit_output(10);
    const auto outcome = b.run([](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        const bool first = c.emit("12345678");
        const bool second = c.emit("12345678");
        co_return sdk::json_object().add("first", first).add("second", second).text();
    });
    CHECK(outcome.json == R"({"first":true,"second":false})");
    CHECK(outcome.output == "12345678");
}

namespace {

class picky final : public sdk::driver {
    void configure(std::string_view config) override {
        const auto parsed = sdk::json::parse(config).value();
        if (parsed.boolean("refuse")) {
            throw sdk::failure(sdk::error("bad_config", "It says refuse.", false, R"({"key":"refuse"})"));
        }
        host().info("configured", {{"size", parsed.integer("size", 3)}});
    }

    std::unique_ptr<sdk::driver_session> make_session() override { throw std::runtime_error("no sessions today"); }
};

class slow_library final : public sdk::blocking_session {
    sdk::reply open(std::string_view target, sdk::call&) override {
        if (target == "closed") {
            return sdk::error("connection_refused", "Nobody listens.", true);
        }
        return sdk::done();
    }

    sdk::reply exec(std::string_view request, sdk::call& c) override {
        if (request == "throw") {
            throw std::runtime_error("thrown on the pool");
        }
        if (request == "wait") {
            std::unique_lock lock(mutex_);
            woken_.wait(lock, [&] { return interrupted_; });
            return sdk::error::cancelled();
        }
        c.emit(request);
        return sdk::done();
    }

    sdk::reply keepalive(sdk::call&) override { return sdk::done(); }

    void interrupt() noexcept override {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
        woken_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable woken_;
    bool interrupted_ = false;
};

class library_driver final : public sdk::blocking_driver {
    std::unique_ptr<sdk::blocking_session> make_session() override { return std::make_unique<slow_library>(); }
};

} // namespace

TEST_CASE("a configuration that is refused fails create with the plugin's own error") {
    th::host host;
    const auto component = component_for<picky>();
    CHECK_THROWS_WITH(th::driver(host, component, R"({"refuse":true})"), "bad_config: It says refuse.");
    CHECK_THROWS_WITH(th::driver(host, component, "nonsense"), Catch::Contains("invalid_json"));
}

TEST_CASE("a configuration is logged with its fields, and reconfigured later") {
    th::host host;
    const auto component = component_for<picky>();
    th::driver d(host, component, R"({"size":7})");
    REQUIRE(host.logs().size() == 1);
    CHECK(host.logs()[0].fields == std::vector<std::pair<std::string, std::string>>{{"size", "7"}});
    th::reported_error error;
    CHECK(d.api().reconfigure(d.raw(), th::str("{}"), th::raw(error)) == FRL_OK);
    CHECK(d.api().reconfigure(d.raw(), th::str(R"({"refuse":true})"), th::raw(error)) == FRL_FAILED);
    CHECK(error.details == R"({"key":"refuse"})");
    SECTION("and a session that cannot be made fails its open") {
        CHECK_THAT(host.wait(d.open(1, "{}")).json, Catch::Contains("no sessions today"));
    }
}

TEST_CASE("a blocking driver runs on the pool, with the same sessions and errors") {
    th::host host;
    const auto component = component_for<library_driver>();
    th::driver d(host, component);
    CHECK_THAT(host.wait(d.open(1, "closed")).json, Catch::Contains("connection_refused"));
    CHECK_THAT(host.wait(d.exec(1, "x")).json, Catch::Contains("session_lost"));
    REQUIRE(host.wait(d.open(2, "box")).ok());
    CHECK(host.wait(d.exec(2, "hello")).output == "hello");
    CHECK_THAT(host.wait(d.exec(2, "throw")).json, Catch::Contains("thrown on the pool"));
    const auto waiting = d.exec(2, "wait");
    d.cancel(waiting); // whether it has begun on its thread or not
    CHECK(host.wait(waiting).status == FRL_CANCELLED);
    CHECK(host.wait(d.close(2)).ok());
    CHECK(host.wrong_thread_calls().empty());
}
