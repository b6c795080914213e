#include "base/json.hpp"
#include "http/http_client.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace ferrule;
using namespace ferrule::http_test;
using namespace std::chrono_literals;

TEST_CASE("a stream sends each piece when it comes, and the connection goes on after its end") {
    fixture on;
    client connection(on.address());
    connection.request("GET /ticks");
    CHECK(connection.read_until("tick\r\n").find("text/event-stream") != std::string::npos);
    on.held.wait();
    on.release();
    CHECK(connection.read_until("0\r\n\r\n") == "4\r\ntock\r\n0\r\n\r\n");
    connection.request("GET /hello");
    CHECK(connection.read().status == 200);
}

TEST_CASE("a request that was pipelined behind a stream is answered after it") {
    fixture on;
    client connection(on.address());
    connection.send("GET /ticks HTTP/1.1\r\nHost: a\r\n\r\nGET /items/7 HTTP/1.1\r\nHost: a\r\n\r\n");
    on.held.wait();
    on.release();
    CHECK(connection.read().body == "ticktock");
    CHECK(connection.read().body == "7");
}

TEST_CASE("HEAD of a stream gives its header only") {
    fixture on;
    client connection(on.address());
    connection.request("HEAD /ticks");
    CHECK(connection.read(true).header("content-type") == "text/event-stream");
    connection.request("GET /hello");
    CHECK(connection.read().status == 200);
}

TEST_CASE("to HTTP/1.0 a stream is sent as it is, up to the close") {
    fixture on;
    client connection(on.address());
    connection.send("GET /ticks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    on.held.wait();
    on.release();
    const auto all = connection.read_to_end();
    CHECK(all.find("chunked") == std::string::npos);
    CHECK(all.substr(all.size() - 12) == "\r\n\r\nticktock");
}

TEST_CASE("a client that goes away ends its stream, although nothing is being sent") {
    fixture on;
    client connection(on.address());
    connection.request("GET /ticks");
    on.held.wait();
    SECTION("with a reset") {
        connection.reset();
    }
    SECTION("with a close") {
        client gone(std::move(connection));
    }
    SECTION("by closing its sending side") {
        connection.half_close();
    }
    on.let_go.wait();
    while (on.server->connections() > 0)
        std::this_thread::yield();
    SUCCEED("the producer was cancelled and the connection is gone");
}

TEST_CASE("a client that does not read holds its producer back, and is given up in the end") {
    auto wanted = fixture::settings();
    wanted.write_timeout = 50ms;
    fixture on(wanted);
    client deaf(on.address());
    deaf.request("GET /flood");
    on.let_go.wait();             // a write did not get through in time
    CHECK(on.written < 64 << 20); // what fits into the kernel's buffers, not what it could have made
}

TEST_CASE("a reader gets whatever a stream makes") {
    fixture on;
    client connection(on.address());
    connection.request("GET /flood");
    for (int i = 0; i < 100; ++i)
        CHECK(connection.read_until("\r\n10000\r\n").size() > 9);
}

TEST_CASE("stopping ends a stream with its last chunk") {
    fixture on;
    client connection(on.address());
    connection.request("GET /ticks");
    connection.read_until("tick\r\n");
    on.held.wait();
    on.stop(60s);
    CHECK(connection.read_to_end() == "0\r\n\r\n");
}

TEST_CASE("streams have a limit of their own") {
    auto wanted = fixture::settings();
    wanted.max_event_streams = 1;
    fixture on(wanted);
    client first(on.address());
    first.request("GET /ticks");
    first.read_until("tick\r\n");
    const auto refused = ask(on.address(), "GET /ticks");
    CHECK(refused.status == 503);
    CHECK(base::json::parse(refused.body)["code"] == "too_many_streams");
    CHECK(ask(on.address(), "GET /hello").status == 200);
}
