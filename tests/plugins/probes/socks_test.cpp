// SPDX-License-Identifier: Apache-2.0
#include "http/socks_handshake.hpp"
#include "plugins/probes/web_server.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace ferrule::probes_test;
using Catch::Contains;
using ferrule::probes::http::socks_handshake;
using ferrule::probes::http::url;
using namespace std::string_literals;

namespace {

url place(const std::string& text) {
    return url::parse(text).value();
}

struct end_of_talk {
    std::string sent;
    std::string problem;
    std::string left; ///< What the proxy said beyond its part.
    bool done = false;
};

/// Has the proxy's answers arrive in pieces of `step` bytes, but never more than are wanted.
end_of_talk talk(const std::string& proxy, const std::string& to, const std::string& answers, std::size_t step = 1) {
    socks_handshake at(place(proxy), place(to));
    end_of_talk seen;
    std::string_view rest(answers);
    while (!at.done() && !at.failed()) {
        seen.sent += at.output();
        REQUIRE(at.wanted() > 0);
        if (rest.empty()) {
            at.end();
            break;
        }
        const auto piece = rest.substr(0, std::min(step, at.wanted()));
        rest.remove_prefix(piece.size());
        at.put(piece);
    }
    seen.problem = at.problem();
    seen.left = rest;
    seen.done = at.done() && !at.failed();
    return seen;
}

const auto taken = "\x05\x00"s;
const auto opened = "\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s;

json measure(const json& target) {
    rig http("http");
    http.on.services().set_name("localhost", {"127.0.0.1"});
    return http.measure(target);
}

} // namespace

TEST_CASE("a SOCKS proxy is asked for a name, or for an address in its own form") {
    const auto step = GENERATE(1u, 3u, 100u);
    const auto named = talk("http://p", "http://www.example.org:8080/x", taken + opened + "HTTP", step);
    CHECK(named.done);
    CHECK(named.sent == "\x05\x01\x00\x05\x01\x00\x03\x0fwww.example.org\x1f\x90"s);
    CHECK(named.left == "HTTP");
    CHECK(talk("http://p", "http://192.0.2.1/", taken + opened, step).sent ==
          "\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"s);
    CHECK(talk("http://p", "https://[2001:db8::1]/", taken + opened, step).sent ==
          "\x05\x01\x00\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\xbb"s);
    // Its reply may name where it connected from in any of the three ways.
    CHECK(talk("http://p", "http://a", taken + "\x05\x00\x00\x03\x04host\x12\x34"s + "x", step).left == "x");
    CHECK(talk("http://p", "http://a", taken + "\x05\x00\x00\x03\x00\x12\x34"s + "x", step).left == "x");
    CHECK(talk("http://p", "http://a", taken + "\x05\x00\x00\x04"s + std::string(18, '\1') + "x", step).left == "x");
}

TEST_CASE("a SOCKS proxy gets the login when it wants one") {
    const auto seen = talk("http://me:s%20t@p", "http://a:1", "\x05\x02\x01\x00"s + opened);
    CHECK(seen.done);
    CHECK(seen.sent == "\x05\x02\x00\x02\x01\x02me\x03s t\x05\x01\x00\x03\x01"s + "a\x00\x01"s);
    // One that wants none does not hear of it.
    CHECK(talk("http://me:secret@p", "http://a:1", taken + opened).sent ==
          "\x05\x02\x00\x02\x05\x01\x00\x03\x01"s + "a\x00\x01"s);
}

TEST_CASE("whatever a SOCKS proxy says that is not right is told, and never the login") {
    struct fault {
        std::string answers;
        std::string problem;
    };

    const auto& now = GENERATE(values<fault>({
        {"", "ended the connection instead of giving the answer of the SOCKS proxy."},
        {"\x05", "ended the connection"},
        {"HTTP/1.1 400", "does not speak SOCKS5: its answer begins with the byte 72, not 5."},
        {"\x04\x5a"s, "begins with the byte 4, not 5."},
        {"\x05\xff"s, "takes neither the login by user and password nor none at all."},
        {"\x05\x01"s, "chose the login method 1, which it was not offered."},
        {"\x05\x02\x01"s, "instead of giving the answer of the SOCKS proxy to the login."},
        {"\x05\x02\x01\x01"s, "refuses the user or the password of proxy_url."},
        {"\x05\x02\x05\x00"s, "answers the login with the version 5, which RFC 1929 does not know."},
        {"\x05\x00\x05\x01\x00\x01"s, "opens no connection to a.example:443: general failure of the proxy (1)."},
        {"\x05\x00\x05\x02\x00\x01"s, "its rules do not allow it (2)."},
        {"\x05\x00\x05\x03\x00\x01"s, "network unreachable (3)."},
        {"\x05\x00\x05\x04\x00\x01"s, "host unreachable (4)."},
        {"\x05\x00\x05\x05\x00\x01"s, "connection refused (5)."},
        {"\x05\x00\x05\x06\x00\x01"s, "TTL expired (6)."},
        {"\x05\x00\x05\x07\x00\x01"s, "it does not know the command CONNECT (7)."},
        {"\x05\x00\x05\x08\x00\x01"s, "it does not know this type of address (8)."},
        {"\x05\x00\x05\x09\x00\x01"s, "a reason that RFC 1928 does not know (9)."},
        {"\x05\x00\x05\xfe\x00\x01"s, "a reason that RFC 1928 does not know (254)."},
        {"\x05\x00\x04\x00\x00\x01"s, "replies with the version 4 of SOCKS, not 5."},
        {"\x05\x00\x05\x00\x00\x02"s, "the type of address 2, which RFC 1928 does not know."},
        {"\x05\x00\x05\x00\x00\x03\xff"s + std::string(256, 'x'), "instead of giving the reply of the SOCKS proxy to"},
    }));
    const auto step = GENERATE(1u, 1000u);
    const auto seen = talk("http://user:hush@p", "https://a.example", now.answers, step);
    CHECK_FALSE(seen.done);
    CHECK_THAT(seen.problem, Contains(now.problem) && !Contains("hush") && !Contains("user:"));
}

TEST_CASE("a SOCKS proxy that wants a login where none is configured says so") {
    CHECK(talk("http://p", "http://a", "\x05\xff"s).problem == "wants a login; proxy_url has none.");
    CHECK(talk("http://p", "http://a", "\x05\x02"s).problem == "chose the login method 2, which it was not offered.");
    const auto longest = talk("http://p", "http://" + std::string(255, 'a'), taken + opened);
    CHECK(longest.done);
    const auto beyond = talk("http://p", "http://" + std::string(256, 'a'), taken + opened);
    CHECK_THAT(beyond.problem, Contains("more than 255 bytes"));
    CHECK(beyond.sent.empty());
}

TEST_CASE("microsocks is gone through, for http and for https, and looks names up") {
    const web_server nginx("  location / { return 200 \"hello over $server_protocol\\n\"; }\n");
    const auto scheme = GENERATE("socks5"s, "socks5h"s);
    SECTION("without a login") {
        const socks_server proxy;
        const auto plain = measure({{"url", nginx.http()}, {"proxy_url", proxy.url(scheme)}});
        INFO(plain.dump());
        CHECK(plain["success"] == true);
        CHECK(plain["metrics"]["status_code"] == 200);
        CHECK(plain["labels"]["address"] == "127.0.0.1");
        const auto secure =
            measure({{"url", nginx.https()}, {"proxy_url", proxy.url(scheme)}, {"tls_config", nginx.trust()}});
        INFO(secure.dump());
        CHECK(secure["metrics"]["version"] == 2);
        for (const auto* phase : {"resolve", "connect", "tls", "processing", "transfer"}) {
            CHECK(secure["phases_ms"].contains(phase));
        }
        const bound_socket closed(SOCK_STREAM);
        const auto refused =
            measure({{"url", "http://127.0.0.1:" + std::to_string(closed.port())}, {"proxy_url", proxy.url(scheme)}});
        CHECK(refused["failed_phase"] == "connect");
        CHECK_THAT(refused["reason"].get<std::string>(),
                   Contains(": the SOCKS proxy opens no connection to 127.0.0.1:") &&
                       Contains("connection refused (5)."));
    }
    SECTION("with a login") {
        const socks_server proxy("me:hush");
        json to{{"url", nginx.https()}, {"tls_config", nginx.trust()}, {"proxy_url", proxy.url(scheme)}};
        const auto nobody = measure(to);
        CHECK(nobody["failed_phase"] == "connect");
        CHECK_THAT(nobody["reason"].get<std::string>(), Contains("wants a login; proxy_url has none."));
        to["proxy_url"] = proxy.url(scheme, "me:wrong");
        const auto other = measure(to);
        CHECK(other["failed_phase"] == "connect");
        CHECK_THAT(other.dump(), Contains("refuses the user or the password of proxy_url.") && !Contains("wrong"));
        to["proxy_url"] = proxy.url(scheme, "me:hush");
        const auto seen = measure(to);
        INFO(seen.dump());
        CHECK(seen["success"] == true);
        CHECK_THAT(seen.dump(), !Contains("hush"));
    }
}

TEST_CASE("a SOCKS proxy that answers byte by byte, and hides the server's first bytes behind its own") {
    tcp_server proxy([](peer& client) {
        client.hear(3);
        for (const char c : "\x05\x00"s) {
            client.say({c});
        }
        client.hear(4 + 1 + 10 + 2);
        for (const char c : opened) {
            client.say({c});
        }
        client.hear_to("\r\n\r\n");
        client.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        client.end();
    });
    const auto seen =
        measure({{"url", "http://a.example.:1/"}, {"proxy_url", "socks5://localhost:" + std::to_string(proxy.port())}});
    INFO(seen.dump());
    CHECK(seen["success"] == true);
    proxy.stop();
}

TEST_CASE("a SOCKS proxy that says nothing is a matter of the phase connect") {
    tcp_server proxy([](peer& client) { client.end(); });
    rig http("http");
    const json to{{"url", "http://a.example/"}, {"proxy_url", "socks5://127.0.0.1:" + std::to_string(proxy.port())}};
    const auto op = http.start(to, std::chrono::seconds(1));
    http.on.loop().advance(std::chrono::seconds(1));
    const auto seen = http.finish(op);
    CHECK(seen["failed_phase"] == "connect");
    CHECK_THAT(seen["reason"].get<std::string>(), Contains("timed out; no answer of the SOCKS proxy within 1 s"));
    proxy.stop();
}
