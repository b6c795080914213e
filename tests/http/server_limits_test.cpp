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

TEST_CASE("nobody's body is read for nothing") {
    auto wanted = fixture::settings();
    wanted.body_timeout = 60s; // far more than the test takes: none of these waits for the body
    fixture on(wanted);
    const auto row = GENERATE(table<std::string, unsigned, std::string>({
        {"POST /nothing HTTP/1.1\r\nHost: a\r\n", 404, "not_found"},
        {"DELETE /hello HTTP/1.1\r\nHost: a\r\n", 405, "method_not_allowed"},
        {"GET /viewer HTTP/1.1\r\nHost: a\r\n", 401, "unauthorized"},
        {"GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer-token\r\n", 403, "forbidden"},
        {"POST /echo?nome=a HTTP/1.1\r\nHost: a\r\n", 400, "unknown_parameter"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n", 415, "unsupported_media_type"},
    }));
    INFO(std::get<0>(row));
    client hopeless(on.address());
    hopeless.send(std::get<0>(row) + "Expect: 100-continue\r\nContent-Length: 4000000\r\n\r\n");
    const auto got = hopeless.read();
    CHECK(got.status == std::get<1>(row));
    CHECK(base::json::parse(got.body)["code"] == std::get<2>(row));
    CHECK(got.header("connection") == "close");
    CHECK(hopeless.read_to_end().empty());
}

TEST_CASE("of a body where none belongs no more than a little is read") {
    fixture on;
    for (const std::string framing :
         {"Content-Length: 3000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n"}) {
        client wordy(on.address());
        wordy.send("GET /hello HTTP/1.1\r\nHost: a\r\n" + framing);
        wordy.send(std::string(2000, 'x'));
        const auto got = wordy.read();
        CHECK(got.status == 400);
        CHECK(base::json::parse(got.body)["code"] == "unexpected_body");
        CHECK(wordy.read_to_end().empty());
    }
    client polite(on.address());
    polite.send("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    polite.send(" \r\n ");
    CHECK(polite.read().status == 200);
}

TEST_CASE("a wait ends when its client hangs up") {
    fixture on(fixture::settings(), GENERATE(1U, 2U));
    client leaving(on.address());
    leaving.request("GET /patient");
    on.held.wait();
    leaving.reset();
    on.let_go.wait();
    while (on.server->connections() > 0)
        std::this_thread::yield();
    CHECK(on.answered == 1);
}

TEST_CASE("a wait that ends by itself is answered, and so is what the client asked meanwhile") {
    fixture on(fixture::settings(), GENERATE(1U, 2U));
    client waiting(on.address());
    waiting.request("GET /patient");
    on.held.wait();
    waiting.request("GET /hello");
    on.release();
    CHECK(waiting.read().body == "\"waited\"");
    CHECK(waiting.read().body == "{\"hello\":\"world\"}");
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

TEST_CASE("stopping ends a wait at once, and it is still answered") {
    fixture on;
    client waiting(on.address());
    waiting.request("GET /patient");
    on.held.wait();
    on.stop(60s);
    const auto got = waiting.read();
    CHECK(got.body == "\"waited\"");
    CHECK(got.header("connection") == "close");
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
