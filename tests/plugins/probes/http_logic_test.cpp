// SPDX-License-Identifier: Apache-2.0
#include "http/body.hpp"
#include "http/json_check.hpp"
#include "http/response_reader.hpp"
#include "http/url.hpp"
#include "http/web_request.hpp"

#include <catch2/catch.hpp>

#include <zlib.h>

#include <string>

using namespace ferrule::probes;
using namespace ferrule::probes::http;
using Catch::Contains;

namespace {

struct answer {
    std::string text;
    std::string problem;
    int status = 0;
    bool done = false;
};

/// Reads an answer in pieces of a size, and then the end of the connection.
answer read(const std::string& bytes, std::size_t piece, bool no_body = false) {
    body content(1 << 20, true);
    response_reader reader(content, no_body, [&](const response_head&) { content.begin(packing::none); });
    bool good = true;
    for (std::size_t i = 0; good && i < bytes.size(); i += piece) {
        good = reader.put(std::string_view(bytes).substr(i, piece));
    }
    good = good && reader.end();
    return {content.text(), reader.problem(), reader.head().status, good && reader.done()};
}

response_head redirect(int status, const std::string& location) {
    response_head head;
    head.status = status;
    head.headers.emplace_back("Location", location);
    return head;
}

std::string packed(const std::string& text) {
    z_stream state{};
    deflateInit2(&state, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(text.size() + 100, '\0');
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    state.avail_in = static_cast<uInt>(text.size());
    state.next_out = reinterpret_cast<Bytef*>(out.data());
    state.avail_out = static_cast<uInt>(out.size());
    deflate(&state, Z_FINISH);
    out.resize(out.size() - state.avail_out);
    deflateEnd(&state);
    return out;
}

settings with(const std::string& json) {
    return read_target(ferrule::sdk::json::parse(json).value(), {});
}

} // namespace

TEST_CASE("an answer of HTTP/1 is the same however its bytes arrive") {
    const auto piece = GENERATE(1u, 2u, 7u, 1000u);

    struct good {
        std::string bytes;
        std::string text;
    };

    const std::vector<good> all{
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloignored", "hello"},
        {"HTTP/1.0 200\r\n\r\nto the end", "to the end"},
        {"HTTP/1.1 200 OK\nServer: old\n\nbare line ends", "bare line ends"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n",
         "hello world"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
         "2\r\n\r\nok",
         "ok"},
        {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", ""},
    };
    for (const auto& each : all) {
        const auto seen = read(each.bytes, piece);
        INFO(each.bytes);
        CHECK(seen.problem.empty());
        CHECK(seen.done);
        CHECK(seen.status == 200);
        CHECK(seen.text == each.text);
    }
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", piece, true).done);
    CHECK(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", piece).done);
}

TEST_CASE("an answer that is none says what is wrong with it") {
    const auto piece = GENERATE(1u, 1000u);

    struct bad {
        std::string bytes;
        std::string problem;
    };

    const std::vector<bad> all{
        {"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP/1: 'S"},
        {"HTTP/2 200 OK\r\n\r\n", "not HTTP/1: 'HTTP/2 200 OK'"},
        {"HTTP/1.1 20 OK\r\n\r\n", "not HTTP/1"},
        {"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "is no header: 'no header'"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", "its Content-Length is no number: '5x'"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "is no number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different lengths"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "in the middle of the body; 2 of 5 bytes are missing"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "in the middle of the body"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no proper size: 'zz'"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhel\r\n", "longer than announced"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "no proper size"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol"},
        {"HTTP/1.1 200 OK\r\n", "in the middle of the head"},
        {"", "closed the connection without an answer"},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(300000, 'x'), "larger than 256 KiB"},
    };
    for (const auto& each : all) {
        const auto seen = read(each.bytes, piece);
        INFO(each.bytes.substr(0, 100));
        CHECK_FALSE(seen.done);
        CHECK_THAT(seen.problem, Contains(each.problem));
    }
}

TEST_CASE("URLs are taken apart, and shown without credentials and query") {
    const auto seen = url::parse("https://user:p%40ss@Example.test:8443/a/b?q=1#part").value();
    CHECK(seen.secure);
    CHECK(seen.host == "Example.test");
    CHECK(seen.port == 8443);
    CHECK(seen.target == "/a/b?q=1");
    CHECK(seen.user == "user");
    CHECK(seen.password == "p@ss");
    CHECK(seen.authority() == "Example.test:8443");
    CHECK(seen.text() == "https://Example.test:8443/a/b");
    CHECK(url::parse("www.test").value().whole() == "http://www.test/");
    CHECK(url::parse("https://[2001:db8::1]/").value().host == "2001:db8::1");
    CHECK(url::parse("https://[2001:db8::1]/").value().authority() == "[2001:db8::1]");
    CHECK_THAT(url::parse("http://b\xc3\xbc"
                          "cher.test/")
                   .error()
                   .message(),
               Contains("write it as the DNS has it"));
    CHECK(url::parse("http://www.test/a b").value().target == "/a%20b");
    CHECK_THAT(url::parse("ftp://www.test/").error().message(), Contains("only http and https"));
    CHECK_FALSE(url::parse("http://"));
    CHECK_FALSE(url::parse("http://www.test:99999/"));
    CHECK(seen.follow("../c").value().whole() == "https://Example.test:8443/c");
    CHECK(seen.follow("//other.test/x").value().whole() == "https://other.test/x");
    CHECK(seen.follow("/d").value().user.empty());
    CHECK_FALSE(seen.follow("mailto:somebody@example.test"));
}

TEST_CASE("what is meant for one server is not sent to another") {
    const auto how = with(R"({"url":"https://a.test/","headers":{"X-Key":"k1","Cookie":"c1","Host":"a.inner"},
        "basic_auth":{"username":"u","password":"p"},"tls_config":{"client_cert":"c","client_key":"k","server_name":"s"}})");
    const auto sent = [](const request& what) {
        return what.text(false) + what.tls().client_key + what.tls().server_name;
    };
    const auto check_whole = [](const std::string& text) {
        CHECK_THAT(text, Contains("X-Key: k1") && Contains("Cookie: c1") && Contains("Authorization: Basic dTpw") &&
                             Contains("Host: a.inner") && Contains("\r\n\r\nks"));
    };
    request same(how, url::parse("https://a.test/").value());
    check_whole(sent(same));
    CHECK_FALSE(same.follow(redirect(302, "/next")).has_value());
    check_whole(sent(same));
    CHECK_THAT(sent(same), Contains("GET /next HTTP/1.1"));
    const auto away = GENERATE(as<std::string>{}, "https://b.test/", "http://a.test/", "https://a.test:444/",
                               "https://x@a.test.evil.test/");
    CHECK_FALSE(same.follow(redirect(302, away)).has_value());
    CHECK_THAT(sent(same), !Contains("k1") && !Contains("c1") && !Contains("Authorization") && !Contains("a.inner"));
    CHECK(same.tls().client_key.empty());
    CHECK(same.tls().server_name.empty());
    CHECK_FALSE(same.follow(redirect(302, "https://a.test/")).has_value()); // nor after the way back
    CHECK_THAT(sent(same), !Contains("k1") && !Contains("Authorization"));
}

TEST_CASE("a redirect changes the method as browsers do") {
    const auto how = with(R"({"url":"http://a.test/","body":"data"})");
    request seeing(how, url::parse("http://a.test/").value());
    CHECK(seeing.method() == "POST");
    CHECK_FALSE(seeing.follow(redirect(307, "/x")).has_value());
    CHECK(seeing.method() == "POST");
    CHECK(seeing.body() == "data");
    CHECK_THAT(seeing.follow(redirect(308, "http://b.test/")).value(),
               Contains("another server, which would get the body"));
    CHECK_FALSE(seeing.follow(redirect(303, "/y")).has_value());
    CHECK(seeing.method() == "GET");
    CHECK(seeing.body().empty());
    CHECK_THAT(seeing.follow(redirect(302, "gopher://a.test/")).value(), Contains("no URL that can be measured"));
    const auto head = with(R"({"url":"http://a.test/","method":"HEAD"})");
    request asking(head, url::parse("http://a.test/").value());
    CHECK_FALSE(asking.follow(redirect(301, "/x")).has_value());
    CHECK(asking.method() == "HEAD");
}

TEST_CASE("values in JSON are found by pointers and by names with dots") {
    const auto whole = ferrule::sdk::json::parse(
        R"({"status":"up","data":[{"id":7,"a/b":true}],"load":0.5,"none":null,"deep":{"x.y":1}})");
    const auto refused = [&](const std::string& text) {
        const auto object = ferrule::sdk::json::parse(text).value();
        settings_reader from(object, "", "invalid_target");
        return json_check::read(from).refuse(*whole).value_or("");
    };
    CHECK(refused(R"({"path":"/status","equals":"up"})").empty());
    CHECK(refused(R"({"path":"$.data[0].id","equals":7,"at_least":7,"at_most":7.0})").empty());
    CHECK(refused(R"({"path":"data[0].id","equals":7.0})").empty());
    CHECK(refused(R"({"path":"/data/0/a~1b","equals":true})").empty());
    CHECK(refused(R"({"path":"/deep/x.y"})").empty());
    CHECK(refused(R"({"path":"none","exists":true})").empty());
    CHECK(refused(R"({"path":"gone","exists":false})").empty());
    CHECK(refused(R"({"path":"gone","not_equals":1})").empty());
    CHECK(refused(R"({"path":"status","matches":"^u"})").empty());
    CHECK(refused(R"({"path":"","matches":"load"})").empty());
    CHECK(refused(R"({"path":"/status","equals":"down"})") == R"('/status' is "up", not "down")");
    CHECK(refused(R"({"path":"load","at_most":0.25})") == "'load' is 0.5, above 0.25");
    CHECK(refused(R"({"path":"load","at_least":1})") == "'load' is 0.5, below 1");
    CHECK(refused(R"({"path":"status","at_least":1})") == R"('status' is "up", which is no number)");
    CHECK(refused(R"({"path":"data[1].id"})") == "'data[1].id' is not there");
    CHECK(refused(R"({"path":"status","exists":false})") == R"('status' is there ("up"))");
    CHECK(refused(R"({"path":"status","not_equals":"up"})") == R"('status' is "up")");
    for (const auto* bad : {"a..b", "a[x]", "a[", ".a", "a."}) {
        CHECK_FALSE(json_path::parse(bad));
    }
}

TEST_CASE("a compressed body may not grow beyond the limit") {
    const auto bomb = packed(std::string(65536, '0'));
    CHECK(bomb.size() < 200);
    body small(1000, true);
    small.begin(packing::gzip);
    CHECK_FALSE(small.put(bomb));
    CHECK_THAT(small.problem(), Contains("larger than 1000 bytes"));
    body twice(200000, true);
    twice.begin(packing::gzip);
    for (const char c : bomb + bomb) { // two members, byte by byte
        CHECK(twice.put(std::string(1, c)));
    }
    CHECK(twice.finish());
    CHECK(twice.size() == 2 * 65536);
    body cut(200000, true);
    cut.begin(packing::gzip);
    CHECK(cut.put(bomb.substr(0, bomb.size() - 1)));
    CHECK_FALSE(cut.finish());
    CHECK_THAT(cut.problem(), Contains("ends too early"));
    body broken(1000, true);
    broken.begin(packing::gzip);
    CHECK_FALSE(broken.put("this is no gzip"));
    CHECK_THAT(broken.problem(), Contains("not compressed as its Content-Encoding says"));
}
