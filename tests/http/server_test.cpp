#include "base/json.hpp"
#include "http/http_client.hpp"
#include "http/server_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <thread>

#include <unistd.h>

using namespace ferrule;
using namespace ferrule::http_test;
using namespace std::chrono_literals;

TEST_CASE("a request is answered, and the connection serves the next one") {
    fixture on;
    client connection(on.address());
    for (int i = 0; i < 3; ++i) {
        connection.request("GET /hello");
        const auto got = connection.read();
        CHECK(got.status == 200);
        CHECK(got.body == "{\"hello\":\"world\"}");
        CHECK(got.header("content-type") == "application/json");
        CHECK(got.header("x-content-type-options") == "nosniff");
        CHECK(got.header("cache-control") == "no-store");
        CHECK_FALSE(got.header("date").empty());
        CHECK_FALSE(got.header("x-request-id").empty());
        CHECK(got.header("connection").empty());
    }
}

TEST_CASE("pipelined requests are answered in their order") {
    fixture on;
    client connection(on.address());
    connection.send(
        "GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n\"two\""
        "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /items/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        "GET /items/never HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(connection.read().body == "1");
    CHECK(connection.read().body == "\"two\"");
    const auto head = connection.read(true);
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == "17");
    const auto last = connection.read();
    CHECK(last.body == "4");
    CHECK(last.header("connection") == "close");
    CHECK(connection.read_to_end().empty());
}

TEST_CASE("a body comes back whole, however it was sent") {
    fixture on;
    const std::string text = "\"" + std::string(300'000, 'x') + "\"";
    CHECK(ask(on.address(), "POST /echo", "Content-Type: application/json\r\n", text).body == text);

    client chunked(on.address());
    chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                 "Expect: 100-continue\r\n\r\n");
    CHECK(chunked.read().status == 100);
    chunked.send("3\r\n\"ab\r\n2\r\nc\"\r\n0\r\n\r\n");
    CHECK(chunked.read().body == "\"abc\"");
}

TEST_CASE("a large response arrives whole") {
    fixture on;
    const auto got = ask(on.address(), "GET /big");
    CHECK(got.body.size() == 4U << 20U);
    CHECK(got.body.find_first_not_of('x') == std::string::npos);
}

TEST_CASE("HTTP/1.0 is answered and closed unless it asks to stay") {
    fixture on;
    client once(on.address());
    once.send("GET /hello HTTP/1.0\r\n\r\n");
    CHECK(once.read().header("connection") == "close");
    CHECK(once.read_to_end().empty());

    client stays(on.address());
    for (int i = 0; i < 2; ++i) {
        stays.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(stays.read().header("connection") == "keep-alive");
    }
}

TEST_CASE("a request that cannot be read is refused with a problem, then the connection ends") {
    fixture on;
    const auto row = GENERATE(table<std::string, unsigned, std::string>({
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
         "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
         400, "bad_request"},
        {"GET /hello HTTP/1.1\r\n\r\n", 400, "bad_request"},
        {"GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", 505, "version_unsupported"},
        {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431, "header_too_large"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413, "body_too_large"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "transfer_encoding"},
    }));
    client connection(on.address());
    connection.send(std::get<0>(row));
    const auto got = connection.read();
    CHECK(got.status == std::get<1>(row));
    CHECK(got.header("content-type") == "application/problem+json");
    CHECK(got.header("connection") == "close");
    CHECK(base::json::parse(got.body)["code"] == std::get<2>(row));
    CHECK(connection.read_to_end().empty());
}

TEST_CASE("the answer to a body that is too large reaches a client that is still sending") {
    fixture on;
    client connection(on.address());
    connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n" + std::string(500'000, 'x'));
    CHECK(connection.read().status == 413);
}

TEST_CASE("a handler that throws costs one request and says nothing of its reason") {
    fixture on;
    client connection(on.address());
    connection.request("GET /throws");
    const auto got = connection.read();
    CHECK(got.status == 500);
    CHECK(got.body.find("secret") == std::string::npos);
    CHECK(base::json::parse(got.body)["request_id"] == got.header("x-request-id"));
    connection.request("GET /hello");
    CHECK(connection.read().status == 200);
}

TEST_CASE("roles decide over the wire as well") {
    fixture on;
    const auto status = [&on](const std::string& path, const std::string& token) {
        return ask(on.address(), "GET " + path, token.empty() ? "" : "Authorization: Bearer " + token + "\r\n").status;
    };
    CHECK(status("/viewer", "") == 401);
    CHECK(status("/viewer", "nobody") == 401);
    CHECK(status("/viewer", "viewer-token") == 200);
    CHECK(status("/operator", "viewer-token") == 403);
    CHECK(status("/operator", "operator-token") == 200);
    CHECK(status("/admin", "operator-token") == 403);
    CHECK(status("/admin", "admin-token") == 200);
    CHECK(status("/viewer", "admin-token") == 200);
}

TEST_CASE("a Unix socket serves as well, and its file goes with the server") {
    const auto path = std::filesystem::temp_directory_path() / ("ferrule-http-test-" + std::to_string(::getpid()));
    auto wanted = fixture::settings();
    wanted.listen.push_back("unix:" + path.string());
    {
        fixture on(wanted);
        REQUIRE(on.server->addresses().size() == 2);
        CHECK(ask(on.server->addresses()[1], "GET /hello").status == 200);
        CHECK(ask(on.server->addresses()[0], "GET /hello").status == 200);
        // a second server does not take it away
        config::http_settings same;
        same.listen = {"unix:" + path.string()};
        http::server second(on.loop, *on.app, same);
        const auto started = second.start();
        REQUIRE_FALSE(started.has_value());
        CHECK(started.error().code() == "listen_failed");
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("an address that cannot be had is named with the reason") {
    fixture on;
    const auto failure = [&on](const std::string& address) {
        config::http_settings wanted;
        wanted.listen = {address};
        http::server second(on.loop, *on.app, wanted);
        const auto started = second.start();
        REQUIRE_FALSE(started.has_value());
        return started.error().message();
    };
    CHECK(failure(on.address()) ==
          "cannot listen on " + on.address() +
              ": Address already in use; another process listens there: end it, or choose another port");
    CHECK(failure("unix:/no-such-folder/s").ends_with(": No such file or directory; make its folder first"));
    CHECK(failure("192.0.2.1:0").ends_with("; this machine does not have that address"));
    CHECK(failure("somewhere") == "the listen address \"somewhere\" is not of the form 127.0.0.1:8520, [::1]:8520, "
                                  "*:8520 or unix:/path");
    CHECK(failure("::1:80").find("is not of the form") != std::string::npos);
    CHECK(failure("127.0.0.1:99999").find("is not of the form") != std::string::npos);
    CHECK(failure("unix:").find("1 to 107 characters") != std::string::npos);
}

TEST_CASE("many clients at once on several threads are all served") {
    fixture on(fixture::settings(), 4);
    std::vector<std::thread> clients;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&on, &good] {
            client connection(on.address());
            for (int n = 0; n < 200; ++n) {
                connection.request("GET /items/" + std::to_string(n));
                good += connection.read().body == std::to_string(n) ? 1 : 0;
            }
        });
    for (auto& each : clients)
        each.join();
    CHECK(good == 1600);
    CHECK(on.answered == 1600);
}
