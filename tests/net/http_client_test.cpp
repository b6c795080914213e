#include "support/print_result.hpp"

#include "certificates.hpp"
#include "loop.hpp"
#include "web_server.hpp"

#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "runtime/within.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <vector>

namespace asio = boost::asio;
using ferrule::net::http_client;
using ferrule::net::http_request;
using ferrule::net::http_response;
using test::web_server;
using namespace std::chrono_literals;

namespace {

struct stage {
    explicit stage(unsigned threads = 1)
        : on(threads)
        , http(on.io()) {}

    ferrule::result<http_response> get(const std::string& url) { return send(http_request("GET", url)); }

    ferrule::result<http_response> send(http_request asked) { return on.wait(http.send(std::move(asked))); }

    static bool ready() {
        ferrule::net::init_libraries();
        return true;
    }

    bool libraries = ready();
    test::loop on;
    http_client http;
};

std::string header(const http_response& in, const std::string& name) {
    const auto found = std::ranges::find(in.headers, name, &std::pair<std::string, std::string>::first);
    return found == in.headers.end() ? std::string() : found->second;
}

std::string code_of(const ferrule::result<http_response>& got) {
    return got ? "status " + std::to_string(got->status) : got.error().code();
}

} // namespace

TEST_CASE("an HTTP request is answered with status, headers, body, peer and phases") {
    stage with;
    const web_server server(with.on.io());
    http_request asked("POST", server.url("/echo?x=1"));
    asked.headers = {{"X-Sent", "a value"}};
    asked.body = std::string("with\0zero", 9);
    const auto got = with.send(asked);
    REQUIRE(got);
    CHECK(got->status == 200);
    CHECK(got->body == asked.body);
    CHECK(header(*got, "X-Method") == "POST");
    CHECK(header(*got, "X-Got") == "a value");
    CHECK(got->ip == "127.0.0.1");
    CHECK(got->version == "1.1");
    CHECK(got->phases.total >= got->phases.connect + got->phases.processing + got->phases.transfer);
    CHECK(got->phases.tls == ferrule::base::duration::zero());
}

TEST_CASE("methods go out as they are") {
    stage with;
    const web_server server(with.on.io());
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        const auto got = with.send(http_request(method, server.url("/echo")));
        REQUIRE(got);
        CHECK(header(*got, "X-Method") == method);
    }
    CHECK(code_of(with.send(http_request("HEAD", server.url("/hello")))) == "status 200");
}

TEST_CASE("an answer of any status is an answer") {
    stage with;
    const web_server server(with.on.io());
    CHECK(code_of(with.get(server.url("/status/404"))) == "status 404");
    CHECK(code_of(with.get(server.url("/status/503"))) == "status 503");
}

TEST_CASE("connections are used again, unless a fresh one is asked for") {
    stage with;
    const web_server server(with.on.io());
    for (int i = 0; i < 5; ++i)
        CHECK(with.get(server.url("/hello")));
    CHECK(server.connections() == 1);
    http_request fresh("GET", server.url("/hello"));
    fresh.fresh_connection = true;
    for (int i = 0; i < 3; ++i)
        CHECK(with.send(fresh));
    CHECK(server.connections() == 4);
    CHECK(with.get(server.url("/hello")));
    CHECK(server.connections() == 4);
}

TEST_CASE("redirects are followed as far as allowed, and only the last answer counts") {
    stage with;
    const web_server server(with.on.io());
    CHECK(code_of(with.get(server.url("/to/1"))) == "status 302");
    http_request asked("GET", server.url("/to/3"));
    asked.follow_redirects = 3;
    const auto got = with.send(asked);
    REQUIRE(got);
    CHECK(got->body == "hello");
    CHECK(got->redirects == 3);
    asked.follow_redirects = 2;
    CHECK(code_of(with.send(asked)) == "too_many_redirects");
}

TEST_CASE("a body over the limit ends the exchange") {
    stage with;
    const web_server server(with.on.io());
    http_request asked("GET", server.url("/bytes/100000?token=secret"));
    asked.max_body = 100'000;
    CHECK(code_of(with.send(asked)) == "status 200");
    asked.max_body = 99'999;
    const auto got = with.send(asked);
    REQUIRE_FALSE(got);
    CHECK(got.error().message() == "GET " + server.url("/bytes/100000") + ": the body is longer than 99999 bytes");
    CHECK(code_of(with.get(server.url("/hello"))) == "status 200");
}

TEST_CASE("failures to reach a server have their codes, and URLs lose user, password and query in them") {
    stage with;
    std::string closed;
    {
        asio::ip::tcp::acceptor taken(with.on.io().context(),
                                      asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        closed = "127.0.0.1:" + std::to_string(taken.local_endpoint().port());
    }
    const auto refused = with.get("http://user:hunter2@" + closed + "/x?token=abc");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == "connection_refused");
    CHECK(refused.error().retryable());
    CHECK(refused.error().message().starts_with("GET http://" + closed.substr(0, 9)));
    CHECK(refused.error().message().find("hunter2") == std::string::npos);
    CHECK(refused.error().message().find("abc") == std::string::npos);
    CHECK(code_of(with.get("http://name.invalid/")) == "resolve_failed");
    CHECK(code_of(with.get("no url")) == "invalid_url");
    CHECK(code_of(with.get("file:///etc/passwd")) == "invalid_url");
    CHECK(code_of(with.get("gopher://127.0.0.1/")) == "invalid_url");
}

TEST_CASE("a request that would break the protocol is refused") {
    stage with;
    const web_server server(with.on.io());
    http_request asked("GET", server.url("/echo"));
    asked.headers = {{"X-Sent", "a\r\nX-Injected: b"}};
    CHECK(code_of(with.send(asked)) == "invalid_request");
    asked.headers = {{"X-Sent\r\nX-Injected", "b"}};
    CHECK(code_of(with.send(asked)) == "invalid_request");
    CHECK(code_of(with.send(http_request("GET / HTTP/1.1", server.url("/echo")))) == "invalid_request");
    CHECK(server.connections() == 0);
}

TEST_CASE("a server that does not answer ends the exchange at its deadline, one that hangs up at once") {
    stage with;
    const web_server server(with.on.io());
    http_request asked("GET", server.url("/silent"));
    asked.timeout = 50ms;
    const auto late = with.send(asked);
    REQUIRE_FALSE(late);
    CHECK(late.error().code() == "deadline");
    CHECK(late.error().retryable());
    CHECK(code_of(with.get(server.url("/drop"))) == "protocol_error");
}

TEST_CASE("cancelling the coroutine that waits ends the exchange") {
    stage with;
    const web_server server(with.on.io());
    auto limited = [](http_client& http, std::string url) -> asio::awaitable<ferrule::result<http_response>> {
        auto sending = http.send(http_request("GET", std::move(url)));
        auto limit = ferrule::runtime::within(20ms, std::move(sending));
        co_return co_await std::move(limit);
    };
    CHECK(code_of(with.on.wait(limited(with.http, server.url("/silent")))) == "deadline");
    CHECK(code_of(with.get(server.url("/hello"))) == "status 200");
}

TEST_CASE("a client that goes ends its exchanges with cancelled") {
    ferrule::net::init_libraries();
    test::loop on;
    const web_server server(on.io());
    std::promise<std::string> outcome;
    {
        http_client http(on.io());
        http.start(http_request("GET", server.url("/silent")), on.io().get_executor(),
                   [&outcome](const ferrule::result<http_response>& got) { outcome.set_value(code_of(got)); });
    }
    auto told = outcome.get_future();
    const auto state = told.wait_for(30s);
    REQUIRE(state == std::future_status::ready);
    CHECK(told.get() == "cancelled");
}

TEST_CASE("hundreds of exchanges at once on four threads") {
    stage with(4);
    const web_server server(with.on.io());
    std::vector<std::future<ferrule::result<http_response>>> all;
    for (int i = 0; i < 300; ++i)
        all.push_back(asio::co_spawn(with.on.io().make_strand(),
                                     with.http.send(http_request("GET", server.url("/bytes/" + std::to_string(i)))),
                                     asio::use_future));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto got = all[i].get();
        REQUIRE(got);
        CHECK(got->body.size() == i);
    }
    CHECK(server.connections() <= 64);
}

TEST_CASE("a certificate is verified against the authority and the name that are asked for") {
    stage with;
    const test::authority known;
    known.sign("server", "DNS:router.example.test");
    const auto context = ferrule::net::make_server_context({known.file("server.pem"), known.file("server.key"), {}});
    REQUIRE(context);
    const web_server server(with.on.io(), *context);
    http_request asked("GET", server.url("/echo"));

    CHECK(code_of(with.send(asked)) == "certificate_invalid");
    asked.tls.ca_file = known.file("ca.pem");
    CHECK(code_of(with.send(asked)) == "certificate_invalid"); // another name
    asked.tls.server_name = "router.example.test";
    const auto good = with.send(asked);
    REQUIRE(good);
    CHECK(good->ip == "127.0.0.1");
    CHECK(good->phases.tls > ferrule::base::duration::zero());
    CHECK(server.url("/echo").find(header(*good, "X-Host")) != std::string::npos);
    asked.tls.server_name.clear();
    asked.tls.ca_file.clear();
    asked.tls.verify = false;
    CHECK(code_of(with.send(asked)) == "status 200");
    asked.tls.verify = true;
    CHECK(code_of(with.send(asked)) == "certificate_invalid"); // not on the connection of the one that did not ask
}

TEST_CASE("a client shows its certificate to a server that wants one") {
    stage with;
    const test::authority known;
    known.sign("server", "IP:127.0.0.1");
    known.sign("client", "DNS:client");
    const auto context =
        ferrule::net::make_server_context({known.file("server.pem"), known.file("server.key"), known.file("ca.pem")});
    REQUIRE(context);
    const web_server server(with.on.io(), *context);
    http_request asked("GET", server.url("/hello"));
    asked.tls.ca_file = known.file("ca.pem");
    CHECK_FALSE(with.send(asked));
    asked.tls.client_cert = known.file("client.pem");
    asked.tls.client_key = known.file("client.key");
    CHECK(code_of(with.send(asked)) == "status 200");
}
