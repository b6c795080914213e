// Calls of the host whose answer comes later: names, secrets, blocking work, HTTP.
#include "scripted.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>

using namespace scripted;
using namespace std::chrono_literals;

TEST_CASE("names resolve to addresses, and one that does not says why") {
    bench b;
    b.host.services().set_name("box", {"192.0.2.7", "2001:db8::7"});
    auto lookup = [](std::string name) {
        return [name](session&, sdk::call& c) -> sdk::task<sdk::reply> {
            auto found = co_await sdk::resolve(name);
            if (!found) {
                co_return found.error();
            }
            for (const auto& each : *found) {
                sockaddr_storage raw;
                c.emit(each.text() + "/" + std::to_string(each.to_sockaddr(22, raw)) + " ");
            }
            co_return sdk::done();
        };
    };
    CHECK(b.run(lookup("box")).output == "192.0.2.7/16 2001:db8::7/28 ");
    const auto failed = b.run(lookup("nobody"));
    CHECK(failed.status == FRL_FAILED);
    CHECK_THAT(failed.json, Catch::Contains("resolve_failed") && Catch::Contains("'nobody' does not exist"));
}

TEST_CASE("an answer that comes after the deadline is dropped without harm") {
    bench b;
    b.host.services().hold();
    const auto op = b.start([](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        auto found = co_await sdk::resolve("192.0.2.1", c.host().after(10ms));
        if (!found) {
            co_return found.error();
        }
        co_return sdk::done();
    });
    b.host.loop().advance(10ms);
    CHECK_THAT(b.host.result(op).json, Catch::Contains("resolve_timeout"));
    b.host.services().release();
    b.host.loop().run_ready();
    CHECK(b.host.stale_completions() == 0);
}

TEST_CASE("secrets are handed out as text, and an unknown one is an error without its name") {
    bench b;
    b.host.services().set_secret("cred-1", R"({"password":"hunter2"})");
    auto fetch = [](std::string reference) {
        return [reference](session&, sdk::call& c) -> sdk::task<sdk::reply> {
            auto found = co_await sdk::secret(reference);
            if (!found) {
                co_return found.error();
            }
            c.emit(found->view());
            co_return sdk::done();
        };
    };
    CHECK(b.run(fetch("cred-1")).output == R"({"password":"hunter2"})");
    CHECK_THAT(b.run(fetch("cred-2")).json, Catch::Contains("unknown_credential"));
}

TEST_CASE("blocking work runs off the strand and its value or exception comes back on it") {
    bench b;
    const auto strand = std::this_thread::get_id();
    const auto outcome = b.run([&](session&, sdk::call& c) -> sdk::task<sdk::reply> {
        auto elsewhere = [strand] { return std::this_thread::get_id() != strand; };
        const bool away = co_await sdk::offload(elsewhere);
        c.emit(away && std::this_thread::get_id() == strand ? "there and back" : "wrong thread");
        auto throwing = []() -> int { throw sdk::failure(sdk::error("disk_full", "The disk is full.")); };
        co_await sdk::offload(throwing);
        co_return sdk::done();
    });
    CHECK(outcome.output == "there and back");
    CHECK_THAT(outcome.json, Catch::Contains("disk_full"));
}

TEST_CASE("an HTTP exchange gives status and body, and its own error when there is none") {
    bench b;
    b.host.services().on_http = [](th::http_exchange& e) {
        if (e.request.find("/down") != std::string::npos) {
            e.status = FRL_FAILED;
            e.answer = R"({"code":"connection_refused","message":"No.","retryable":true})";
        } else {
            e.answer = R"({"status":201,"headers":[["x","y"]]})";
            e.answer_body = "<" + e.body + ">";
        }
    };
    auto ask = [](std::string path) {
        return [path](session&, sdk::call& c) -> sdk::task<sdk::reply> {
            sdk::http_request request("POST", "http://box" + path);
            request.header("accept", "text/plain").timeout(2s).body("hello");
            auto got = co_await sdk::http(request);
            if (!got) {
                co_return got.error();
            }
            c.emit(std::to_string(got->status()) + got->body());
            co_return sdk::done();
        };
    };
    CHECK(b.run(ask("/up")).output == "201<hello>");
    CHECK(b.host.services().http_requests().front().request ==
          R"({"method":"POST","url":"http://box/up","timeout_ms":2000,"headers":[["accept","text/plain"]]})");
    CHECK_THAT(b.run(ask("/down")).json,
               Catch::Contains("connection_refused") && Catch::Contains("\"retryable\":true"));
}
