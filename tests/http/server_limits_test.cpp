#include "base/json.hpp"
#include "http/http_client.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace ferrule;
using namespace ferrule::http_test;
using namespace std::chrono_literals;

TEST_CASE("a connection that sends nothing is closed without a word") {
    auto wanted = fixture::settings();
    wanted.header_timeout = 50ms;
    fixture on(wanted);
    client silent(on.address());
    CHECK(silent.read_to_end().empty());
}

TEST_CASE("a request that drips is refused when its time is over, although bytes keep coming") {
    auto wanted = fixture::settings();
    wanted.header_timeout = 200ms;
    fixture on(wanted);
    client slow(on.address());
    slow.send("GET /hello HTTP/1.1\r\n");
    std::atomic<bool> done{false};
    std::thread drip([&] {
        try {
            while (!done) {
                slow.send("X: y\r\n");
                std::this_thread::sleep_for(5ms); // the pace of the drip, not a wait for something
            }
        } catch (const std::exception&) { // the server has closed
        }
    });
    const auto got = slow.read();
    done = true;
    drip.join();
    CHECK(got.status == 408);
    CHECK(base::json::parse(got.body)["code"] == "request_timeout");
}

TEST_CASE("a body that does not come is refused when its time is over") {
    auto wanted = fixture::settings();
    wanted.body_timeout = 50ms;
    fixture on(wanted);
    client slow(on.address());
    slow.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(slow.read().status == 408);
    CHECK(slow.read_to_end().empty());
}

TEST_CASE("a kept connection is closed when nothing is asked for a while") {
    auto wanted = fixture::settings();
    wanted.idle_timeout = 50ms;
    fixture on(wanted);
    client idle(on.address());
    idle.request("GET /hello");
    CHECK(idle.read().status == 200);
    CHECK(idle.read_to_end().empty());
}

TEST_CASE("idle time does not count while a handler works") {
    auto wanted = fixture::settings();
    wanted.idle_timeout = 20ms;
    wanted.header_timeout = 20ms;
    wanted.write_timeout = 20ms;
    fixture on(wanted);
    client waiting(on.address());
    waiting.request("GET /held");
    on.held.wait();
    std::this_thread::sleep_for(60ms); // longer than each of the limits that must not apply
    on.release();
    CHECK(waiting.read().body == "\"released\"");
}

TEST_CASE("a client that does not read its response is given up") {
    auto wanted = fixture::settings();
    wanted.write_timeout = 50ms;
    fixture on(wanted);
    client deaf(on.address());
    for (int i = 0; i < 8; ++i)
        deaf.request("GET /big");
    while (on.server->connections() > 0)
        std::this_thread::yield();
    SUCCEED("the connection is gone although nothing was read");
}

TEST_CASE("connections over the limit are told so and closed, and a place that is free again is given away") {
    auto wanted = fixture::settings();
    wanted.max_connections = 2;
    fixture on(wanted);
    auto first = std::make_unique<client>(on.address());
    client second(on.address());
    first->request("GET /hello");
    CHECK(first->read().status == 200);
    second.request("GET /hello");
    CHECK(second.read().status == 200);

    client third(on.address());
    const auto refused = third.read();
    CHECK(refused.status == 503);
    CHECK(refused.header("connection") == "close");
    CHECK(base::json::parse(refused.body)["code"] == "too_many_connections");
    CHECK(third.read_to_end().empty());

    first.reset();
    while (on.server->connections() > 1)
        std::this_thread::yield();
    CHECK(ask(on.address(), "GET /hello").status == 200);
}

TEST_CASE("a caller over its rate is told so over the wire") {
    auto wanted = fixture::settings();
    wanted.rate_limit = {1, 2};
    fixture on(wanted);
    client connection(on.address());
    std::vector<unsigned> statuses;
    for (int i = 0; i < 3; ++i) {
        connection.request("GET /hello");
        statuses.push_back(connection.read().status);
    }
    CHECK(statuses == std::vector<unsigned>{200, 200, 429});
}

TEST_CASE("stopping ends idle connections at once and lets a running request finish") {
    fixture on;
    client idle(on.address());
    idle.request("GET /hello");
    CHECK(idle.read().status == 200);
    client busy(on.address());
    busy.request("GET /held");
    on.held.wait();

    std::thread stopping([&on] { on.stop(60s); });
    CHECK(idle.read_to_end().empty());
    CHECK_THROWS(client(on.address()).read()); // nothing new is taken
    on.release();
    const auto got = busy.read();
    CHECK(got.body == "\"released\"");
    CHECK(got.header("connection") == "close");
    CHECK(busy.read_to_end().empty());
    stopping.join();
    CHECK(on.server->connections() == 0);
}

TEST_CASE("what does not finish within the grace is cut off") {
    fixture on;
    client stuck(on.address());
    stuck.request("GET /forever");
    on.held.wait();
    on.stop(10ms);
    on.let_go.wait(); // its handler was cancelled
    CHECK(stuck.read_to_end().empty());
    CHECK(on.server->connections() == 0);
}

TEST_CASE("clients that come and go on several threads do not keep the server from stopping") {
    fixture on(fixture::settings(), 4);
    const auto address = on.address();
    std::atomic<bool> done{false};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&done, &address, i] {
            while (!done) {
                try {
                    client connection(address);
                    connection.request(i % 2 == 0 ? "GET /hello" : "GET /ticks");
                    connection.read_until("\r\n\r\n");
                    if (i == 0)
                        connection.reset();
                } catch (const std::exception&) { // the server has gone
                }
            }
        });
    while (on.answered < 100)
        std::this_thread::yield();
    on.stop(60s);
    CHECK(on.server->connections() == 0);
    done = true;
    for (auto& each : clients)
        each.join();
}
