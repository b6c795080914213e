// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/rig.hpp"
#include "plugins/probes/servers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cerrno>
#include <future>
#include <mutex>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

/// Answers each request with what `answer` gives for its head, and remembers the heads.
struct site {
    std::function<std::string(const std::string& head)> answer;
    std::mutex mutex = {};
    std::vector<std::string> heads = {};
    tcp_server server{[this](peer& client) {
        const auto head = client.hear_to("\r\n\r\n");
        {
            const std::lock_guard lock(mutex);
            heads.push_back(head);
        }
        client.say(answer(head));
    }};

    [[nodiscard]] std::string url(const std::string& path = "/", const std::string& host = "127.0.0.1") const {
        return "http://" + host + ":" + std::to_string(server.port()) + path;
    }

    std::string head(std::size_t which) {
        const std::lock_guard lock(mutex);
        return heads.at(which);
    }
};

std::string ok(const std::string& body, const std::string& headers = {}) {
    return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

json measure(const json& target) {
    rig http("http");
    for (const auto* name : {"www.test", "other.test"}) {
        http.on.services().set_name(name, {"127.0.0.1"});
    }
    return http.measure(target);
}

std::string reason(const json& seen) {
    return seen.value("reason", "");
}

} // namespace

TEST_CASE("a page that is there is up, with its phases and figures") {
    site page{[](const std::string&) { return ok("hello", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"); }};
    const auto seen = measure({{"url", page.url("/a?b=c", "www.test")}});
    INFO(seen.dump());
    REQUIRE(seen["success"] == true);
    CHECK(seen["metrics"]["status_code"] == 200);
    CHECK(seen["metrics"]["version"] == 1.1);
    CHECK(seen["metrics"]["content_length"] == 5);
    CHECK(seen["metrics"]["uncompressed_body_length"] == 5);
    CHECK(seen["metrics"]["redirects"] == 0);
    CHECK(seen["metrics"]["ssl"] == 0);
    CHECK(seen["metrics"]["failed_due_to_regex"] == 0);
    CHECK(seen["metrics"]["last_modified_timestamp_seconds"] == 1767225600);
    CHECK(seen["metrics"]["ip_protocol"] == 4);
    CHECK(seen["labels"]["address"] == "127.0.0.1");
    for (const auto* phase : {"resolve", "connect", "processing", "transfer"}) {
        CHECK(seen["phases_ms"].contains(phase));
    }
    CHECK_FALSE(seen["phases_ms"].contains("tls"));
    const auto head = page.head(0);
    CHECK_THAT(head, Catch::StartsWith("GET /a?b=c HTTP/1.1\r\nHost: www.test:") && Contains("Connection: close\r\n"));
    CHECK_THAT(head, !Contains("Authorization") && !Contains("Accept-Encoding"));
}

TEST_CASE("a target of host and port takes scheme and path from the settings") {
    site page{[](const std::string& head) { return ok(head); }};
    const auto seen = measure({{"host", "127.0.0.1"},
                               {"port", page.server.port()},
                               {"path", "/healthz?full=1"},
                               {"fail_if_body_not_matches_regexp", {"^GET /healthz\\?full=1 "}}});
    CHECK(reason(seen).empty());
    CHECK(seen["success"] == true);
}

TEST_CASE("the connection is reset, so that no port waits afterwards") {
    std::atomic<int> how = -1;
    tcp_server server([&](peer& client) {
        client.hear_to("\r\n\r\n");
        client.say(ok("x"));
        how = client.end();
    });
    CHECK(measure({{"host", "127.0.0.1"}, {"port", server.port()}})["success"] == true);
    server.stop();
    CHECK(how == ECONNRESET);
}

TEST_CASE("what is sent is what the settings say, and credentials are shown nowhere") {
    site page{[](const std::string&) { return std::string("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"); }};
    json to{{"url", page.url()}, {"method", "PUT"}, {"headers", {{"X-Key", "secret-1"}, {"Host", "inner.test"}}}};
    std::string authorization;
    SECTION("basic") {
        to["basic_auth"] = {{"username", "me"}, {"password", "secret-2"}};
        authorization = "Authorization: Basic bWU6c2VjcmV0LTI=\r\n";
    }
    SECTION("bearer") {
        to["bearer_token"] = "secret-3";
        authorization = "Authorization: Bearer secret-3\r\n";
    }
    SECTION("beside a token in the url") {
        to["url"] = page.url("/?token=secret-4");
    }
    const auto seen = measure(to);
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(reason(seen), Contains("it answered 401 Unauthorized; 200 to 299 would be right."));
    CHECK_THAT(seen.dump(), !Contains("secret"));
    CHECK_THAT(page.head(0), Catch::StartsWith("PUT /") && Contains("Host: inner.test\r\n") &&
                                 Contains("X-Key: secret-1\r\n") && Contains(authorization) &&
                                 Contains("Content-Length: 0\r\n"));
}

TEST_CASE("a redirect is followed with credentials to the same server, and without them to another") {
    site other{[](const std::string&) { return ok("other"); }};
    site first{[&](const std::string& head) {
        const bool begin = head.find("GET /begin ") == 0;
        return "HTTP/1.1 302 Found\r\nLocation: " + (begin ? "next" : other.url("/end", "other.test")) +
               "\r\nContent-Length: 0\r\n\r\n";
    }};
    json to{{"url", first.url("/begin", "www.test")},
            {"bearer_token", "t1"},
            {"headers", {{"Cookie", "c1"}, {"User-Agent", "a1"}}}};
    const auto seen = measure(to);
    INFO(seen.dump());
    CHECK(seen["success"] == true);
    CHECK(seen["metrics"]["redirects"] == 2);
    CHECK(seen["metrics"]["uncompressed_body_length"] == 5);
    CHECK_THAT(first.head(1), Catch::StartsWith("GET /next ") && Contains("Bearer t1") && Contains("Cookie: c1") &&
                                  Contains("User-Agent: a1\r\n"));
    CHECK_THAT(other.head(0), Catch::StartsWith("GET /end ") && !Contains("t1") && !Contains("c1") && !Contains("a1"));

    to["follow_redirects"] = false;
    const auto stayed = measure(to);
    CHECK(stayed["success"] == false);
    CHECK(stayed["metrics"]["redirects"] == 1);
    CHECK_THAT(reason(stayed), Contains("it answered 302 Found"));
    to["valid_status_codes"] = {"3xx"};
    CHECK(measure(to)["success"] == true);
}

TEST_CASE("redirects end somewhere") {
    site around{[](const std::string&) {
        return std::string("HTTP/1.1 301 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
    }};
    const auto seen = measure({{"url", around.url()}, {"max_redirects", 3}});
    CHECK(seen["success"] == false);
    CHECK(seen["failed_phase"] == "reply");
    CHECK(seen["metrics"]["redirects"] == 4);
    CHECK(around.heads.size() == 4);
    CHECK_THAT(reason(seen), Contains("it redirects more than 3 times (max_redirects)."));
}

TEST_CASE("a redirect to what cannot be measured says so") {
    site away{[](const std::string&) {
        return std::string("HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n");
    }};
    const auto seen = measure({{"url", away.url()}});
    CHECK(seen["failed_phase"] == "reply");
    CHECK(seen["metrics"]["status_code"] == 302);
    CHECK_THAT(reason(seen), Contains("its scheme is 'ftp'; only http and https can be measured"));
}

TEST_CASE("status, version, headers and body are held against the settings") {
    site page{[](const std::string&) { return ok("the quick brown fox", "X-Mode: on\r\nx-mode: second\r\n"); }};

    struct check {
        json settings;
        std::string reason; ///< Empty when it is up.
        bool regex = true;
    };

    const auto i = GENERATE(range(0, 15));
    const std::vector<check> all{
        {{{"valid_status_codes", {200}}}, ""},
        {{{"valid_status_codes", {"201-206", 404}}}, "it answered 200 OK; valid_status_codes has no such code.", false},
        {{{"valid_http_versions", {"HTTP/1.1", "HTTP/2.0"}}}, ""},
        {{{"valid_http_versions", {"HTTP/2"}}}, "it answered with HTTP/1.1, which valid_http_versions", false},
        {{{"fail_if_not_ssl", true}}, "did not come over TLS (fail_if_not_ssl)", false},
        {{{"fail_if_ssl", true}}, ""},
        {{{"fail_if_body_matches_regexp", {"slow", "qu.ck"}}}, "the body matches 'qu.ck'"},
        {{{"fail_if_body_not_matches_regexp", {"quick", "fox$"}}}, ""},
        {{{"fail_if_body_not_matches_regexp", "lazy"}}, "the body does not match 'lazy'"},
        {{{"fail_if_header_matches", {{{"header", "X-Mode"}, {"regexp", "^second$"}}}}},
         "the header X-Mode matches '^second$'"},
        {{{"fail_if_header_matches", {{{"header", "X-None"}, {"regexp", "a"}}}}}, "the header X-None is missing"},
        {{{"fail_if_header_matches", {{{"header", "X-None"}, {"regexp", "a"}, {"allow_missing", true}}}}}, ""},
        {{{"fail_if_header_not_matches", {{{"header", "x-mode"}, {"regexp", "on"}}}}}, ""},
        {{{"fail_if_header_not_matches", {{{"header", "x-mode"}, {"regexp", "off"}}}}},
         "the header x-mode does not match 'off'"},
        {{{"fail_if_header_not_matches", {{{"header", "X-None"}, {"regexp", "a"}}}}}, "the header X-None is missing"},
    };
    const auto& now = all.at(static_cast<std::size_t>(i));
    auto to = now.settings;
    to["url"] = page.url();
    const auto seen = measure(to);
    INFO(seen.dump());
    CHECK(seen["success"] == now.reason.empty());
    if (!now.reason.empty()) {
        CHECK(seen["failed_phase"] == "reply");
        CHECK_THAT(reason(seen), Contains(now.reason));
        CHECK(seen["metrics"]["failed_due_to_regex"] == (now.regex ? 1 : 0));
    }
}

TEST_CASE("values of a JSON body are checked and told") {
    site page{[](const std::string&) { return ok(R"({"queue":{"length":12},"state":"up"})"); }};
    json to{
        {"url", page.url()},
        {"json_checks",
         {{{"path", "/state"}, {"equals", "up"}}, {{"path", "queue.length"}, {"at_most", 10}, {"metric", "queue"}}}}};
    const auto seen = measure(to);
    CHECK(seen["metrics"]["json_queue"] == 12);
    CHECK_THAT(reason(seen), Contains("'queue.length' is 12, above 10 (json_checks[1])."));
    to["json_checks"][1]["at_most"] = 12;
    CHECK(measure(to)["success"] == true);
    site text{[](const std::string&) { return ok("up"); }};
    to["url"] = text.url();
    CHECK_THAT(reason(measure(to)), Contains("the body is not JSON: "));
}

TEST_CASE("HEAD has no body, whatever it announces") {
    site page{[](const std::string&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"); }};
    const auto seen = measure({{"url", page.url()}, {"method", "HEAD"}});
    CHECK(seen["success"] == true);
    CHECK(seen["metrics"]["content_length"] == 1000);
    CHECK(seen["metrics"]["uncompressed_body_length"] == 0);
}

TEST_CASE("a body is sent, and counted where nobody announces its length") {
    tcp_server server([](peer& client) {
        const auto head = client.hear_to("\r\n\r\n");
        const auto body = client.hear(4);
        client.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n" + body + "\r\n0\r\n\r\n");
    });
    const auto seen = measure({{"host", "127.0.0.1"},
                               {"port", server.port()},
                               {"body", "ping"},
                               {"fail_if_body_not_matches_regexp", "^ping$"}});
    CHECK(reason(seen).empty());
    CHECK(seen["metrics"]["content_length"] == -1);
    CHECK(seen["metrics"]["uncompressed_body_length"] == 4);
}

TEST_CASE("a body that is too large is refused before it is read to its end") {
    tcp_server server([](peer& client) {
        client.hear_to("\r\n\r\n");
        client.say("HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'));
        client.end(); // more would never come
    });
    const auto seen = measure({{"host", "127.0.0.1"}, {"port", server.port()}, {"body_size_limit", 1000}});
    CHECK(seen["failed_phase"] == "reply");
    CHECK_THAT(reason(seen), Contains("the body is larger than 1000 bytes (body_size_limit)."));
}

TEST_CASE("an answer that never stops ends by what it takes of the connection, and by a cancellation") {
    rig http("http");
    std::promise<frl_op> started;
    bool cancels = false;
    std::string piece = "1;" + std::string(500, 'e') + "\r\nx\r\n";
    SECTION("what it takes") {}
    SECTION("a cancellation") {
        cancels = true;
        piece = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    }
    auto known = started.get_future();
    tcp_server server([&](peer& client) {
        client.hear_to("\r\n\r\n");
        client.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        try {
            for (std::size_t sent = 0;; ++sent) {
                if (cancels && sent == 32) {
                    http.on.loop().post([&http, which = known.get()] { http.probe.cancel(which); });
                }
                client.say(piece);
            }
        } catch (const std::exception&) { // the probe has left
        }
    });
    const auto limit = cancels ? 1 << 30 : 1'000'000;
    const auto op = http.start({{"host", "127.0.0.1"}, {"port", server.port()}, {"body_size_limit", limit}});
    started.set_value(op);
    const auto seen = http.on.wait(op);
    REQUIRE(seen.completed);
    if (cancels) {
        CHECK(seen.status == FRL_CANCELLED);
    } else {
        CHECK_THAT(seen.json, Contains("the answer takes more than 3048576 bytes of the connection"));
    }
}

TEST_CASE("a server that fails to answer says where") {
    SECTION("nobody listens") {
        const bound_socket closed(SOCK_STREAM);
        const auto seen = measure({{"host", "127.0.0.1"}, {"port", closed.port()}});
        CHECK(seen["failed_phase"] == "connect");
        CHECK_THAT(reason(seen), Contains("connection refused"));
        CHECK_FALSE(seen["metrics"].contains("status_code"));
    }
    SECTION("no such name") {
        const auto seen = measure({{"url", "http://nowhere.test/"}});
        CHECK(seen["failed_phase"] == "resolve");
    }
    SECTION("it is no web server") {
        site other{[](const std::string&) { return std::string("220 mail.test ESMTP\r\n"); }};
        const auto seen = measure({{"url", other.url()}});
        CHECK(seen["failed_phase"] == "reply");
        CHECK_THAT(reason(seen), Contains("what it sends is not HTTP/1: '220 mail.test ESMTP'"));
    }
    SECTION("it closes in the middle of the body") {
        site cut{[](const std::string&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"); }};
        const auto seen = measure({{"url", cut.url()}});
        CHECK(seen["failed_phase"] == "reply");
        CHECK_THAT(reason(seen), Contains("in the middle of the body; 7 of 10 bytes are missing."));
        CHECK(seen["metrics"]["status_code"] == 200);
    }
    SECTION("it says nothing") {
        tcp_server silent([](peer& client) { client.end(); });
        rig http("http");
        const auto op = http.start({{"host", "127.0.0.1"}, {"port", silent.port()}}, std::chrono::seconds(3));
        http.on.loop().advance(std::chrono::seconds(3));
        const auto seen = http.finish(op);
        CHECK(seen["failed_phase"] == "reply");
        CHECK_THAT(reason(seen), Contains("timed out; no answer to the request within 3 s"));
    }
}

TEST_CASE("wrong settings of http are refused by their name") {
    struct wrong {
        std::string target;
        std::string message;
    };

    const auto now = GENERATE(values<wrong>({
        {R"({})", "'url' must be given, or 'host'."},
        {R"({"url":"http://a/","port":1})", "'url': stands beside 'host' or 'port'"},
        {R"({"url":"ldap://a/"})", "'url': this is no URL: its scheme is 'ldap'"},
        {R"({"url":"http://u:secret@/"})", "'url': this is no URL: "},
        {R"({"host":"a/b"})", "'host' must be a name or an address"},
        {R"({"host":"a","url_path":"/"})", "'url_path' is not a known setting"},
        {R"({"host":"a","path":"x"})", "'path' must be a path that begins with '/'"},
        {R"({"host":"a","method":"GE T"})", "'method' must be a method of HTTP"},
        {R"({"host":"a","headers":{"X":"secret\r\nY: b"}})", "'headers.X' must be a text without line ends"},
        {R"({"url":"http://u:secret@a/"})", "'url': has a user or a password, which would be shown"},
        {R"({"host":"a","headers":{"X Y":"b"}})", "'headers.X Y': this is no name of a header."},
        {R"({"host":"a","headers":{"Content-Length":"1"}})", "the probe sets this header by itself"},
        {R"({"host":"a","basic_auth":{"username":"u"},"bearer_token":"t"})", "stands beside 'basic_auth'"},
        {R"({"host":"a","basic_auth":{"user_name":"u"}})",
         "'basic_auth.user_name' is not a known setting; did you mean 'username'?"},
        {R"({"host":"a","valid_status_codes":["2xy"]})", "\"2xy\" is none."},
        {R"({"host":"a","valid_status_codes":[42]})", "42 is none."},
        {R"({"host":"a","valid_http_versions":["HTTP/3"]})", "'HTTP/3' is none."},
        {R"({"host":"a","fail_if_ssl":true,"fail_if_not_ssl":true})", "nothing can meet both"},
        {R"({"host":"a","fail_if_body_matches_regexp":["a("]})",
         "'fail_if_body_matches_regexp': the pattern 'a(' is not a regular expression"},
        {R"({"host":"a","fail_if_header_matches":[{"regexp":"a"}]})",
         "'fail_if_header_matches[0].header' must be given"},
        {R"({"host":"a","json_checks":[{"equals":1}]})", "'json_checks[0].path' must be given"},
        {R"({"host":"a","json_checks":[{"path":"a..b"}]})", "'a..b' is no path"},
        {R"({"host":"a","proxy_url":"socks4://a"})", "begins with http://, socks5:// or socks5h://"},
        {R"({"host":"a","proxy_url":"proxy:1"})", "begins with http://, socks5:// or socks5h://"},
        {R"({"host":"a","proxy_url":"socks5://"})", "'proxy_url': this is no URL"},
        {R"({"host":"a","proxy_url":"socks5://:secret@a"})", "the user of a SOCKS proxy has 1 to 255 bytes"},
        {R"({"host":"a","proxy_url":"socks5://a","proxy_headers":{"A":"secret"}})", "a SOCKS proxy takes no headers."},
        {R"({"host":"a","compression_required":true})", "'compression_required': no compression is accepted"},
        {R"({"host":"a","compression":"zip"})", "'compression' must be one of none, gzip, deflate, br, any, not 'zip'"},
        {R"({"host":"a","max_redirects":0})", "'max_redirects' must be a whole number from 1 to 50."},
        {R"({"host":"a","tls_config":{"verfy":false}})", "did you mean 'verify'?"},
    }));
    const auto seen = measure(json::parse(now.target));
    INFO(now.target);
    REQUIRE(seen.contains("error"));
    CHECK(seen["error"]["code"] == "invalid_target");
    CHECK_THAT(seen["error"]["message"].get<std::string>(), Contains(now.message) && !Contains("secret"));
    for (const json& given : {json{{"headers", {{"X-Key", "k"}}}}, json{{"proxy_headers", {{"X-Key", "k"}}}},
                              json{{"bearer_token", "t"}}, json{{"basic_auth", {{"username", "u"}, {"password", "p"}}}},
                              json{{"tls_config", {{"client_cert", "c"}, {"client_key", "k"}}}}}) {
        INFO(given.dump());
        CHECK_THAT(refusal("http", given), Contains("belongs to a check: a default would go to every target"));
    }
    CHECK_THAT(refusal("http", {{"methd", "GET"}}), Contains("'methd' is not a known setting; did you mean 'method'?"));
}
