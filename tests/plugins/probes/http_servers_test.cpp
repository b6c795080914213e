// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/web_server.hpp"

#include <catch2/catch.hpp>

#include <ctime>

using namespace ferrule::probes_test;
using Catch::Contains;

namespace {

constexpr const char* pages = R"(
  location / { return 200 "hello over $server_protocol\n"; }
  location /gone { return 410; }
  location /away { return 301 https://localhost:$arg_to/; }
  location /packed { gzip on; gzip_types *; gzip_min_length 1; default_type text/plain; try_files /packed =404; }
  location /login { auth_basic "test"; auth_basic_user_file users; try_files /packed =404; }
)";

json measure(const json& target) {
    rig http("http");
    http.on.services().set_name("localhost", {"127.0.0.1"});
    http.on.services().set_name("other.test", {"127.0.0.1"});
    return http.measure(target);
}

std::string reason(const json& seen) {
    return seen.value("reason", "");
}

} // namespace

TEST_CASE("nginx answers over HTTP/2 and TLS, and its certificate is described") {
    const auto now = static_cast<double>(std::time(nullptr));
    const web_server nginx(pages, {"DNS:localhost,IP:127.0.0.1", -10, 5000});
    json to{{"url", nginx.https()}, {"tls_config", nginx.trust()}, {"fail_if_not_ssl", true}};
    SECTION("HTTP/2") {
        to["valid_http_versions"] = {"HTTP/2.0"};
        to["fail_if_body_not_matches_regexp"] = "^hello over HTTP/2.0\n$";
        const auto seen = measure(to);
        INFO(seen.dump());
        REQUIRE(seen["success"] == true);
        CHECK(seen["metrics"]["version"] == 2);
        CHECK(seen["metrics"]["ssl"] == 1);
        CHECK(seen["metrics"]["content_length"] == 20);
        CHECK(seen["metrics"]["ssl_earliest_cert_expiry"].get<double>() == Approx(now + 5000).margin(60));
        CHECK(seen["metrics"].contains("ssl_last_chain_expiry_timestamp_seconds"));
        CHECK(seen["labels"]["tls_version"] == "TLS 1.3");
        CHECK(seen["labels"]["ssl_subject"] == "CN=server");
        for (const auto* phase : {"resolve", "connect", "tls", "processing", "transfer"}) {
            CHECK(seen["phases_ms"].contains(phase));
        }
        to["method"] = "HEAD";
        to.erase("fail_if_body_not_matches_regexp");
        CHECK(measure(to)["success"] == true);
    }
    SECTION("HTTP/1.1 when HTTP/2 is not offered") {
        to["http2"] = false;
        const auto seen = measure(to);
        CHECK(reason(seen).empty());
        CHECK(seen["metrics"]["version"] == 1.1);
    }
    SECTION("a status over HTTP/2") {
        to["url"] = nginx.https("/gone");
        const auto seen = measure(to);
        CHECK(seen["failed_phase"] == "reply");
        CHECK_THAT(reason(seen), Contains("it answered 410;"));
    }
    SECTION("it must not be TLS") {
        to.erase("fail_if_not_ssl");
        to["fail_if_ssl"] = true;
        CHECK_THAT(reason(measure(to)), Contains("the last answer came over TLS (fail_if_ssl)."));
    }
}

TEST_CASE("a redirect from http to https is followed, and only the last answer counts") {
    const web_server nginx(pages);
    json to{{"url", nginx.http("/away?to=" + std::to_string(nginx.tls_port()))}, {"tls_config", nginx.trust()}};
    const auto seen = measure(to);
    INFO(seen.dump());
    CHECK(seen["success"] == true);
    CHECK(seen["metrics"]["redirects"] == 1);
    CHECK(seen["metrics"]["ssl"] == 1);
    to["follow_redirects"] = false;
    to["valid_status_codes"] = {301};
    const auto stayed = measure(to);
    CHECK(stayed["success"] == true);
    CHECK(stayed["metrics"]["ssl"] == 0);
    CHECK_FALSE(stayed["labels"].contains("tls_version"));
}

TEST_CASE("certificates that are refused are down in the phase tls, and described") {
    struct wrong {
        certificate_spec spec;
        std::string host;
        std::string reason;
    };

    const auto now = GENERATE(values<wrong>({
        {{"DNS:localhost", -7200, -3600}, "localhost", "it expired at 20"},
        {{"DNS:localhost", -10, 3600}, "other.test", "it is for localhost, not for other.test"},
    }));
    const web_server nginx(pages, now.spec);
    json to{{"url", nginx.https("/", now.host)}, {"tls_config", nginx.trust()}};
    const auto seen = measure(to);
    CHECK(seen["failed_phase"] == "tls");
    CHECK_THAT(reason(seen), Contains("the certificate is refused: ") && Contains(now.reason));
    CHECK(seen["labels"]["ssl_subject"] == "CN=server");
    CHECK(seen["metrics"].contains("ssl_earliest_cert_expiry"));
    to["tls_config"] = {{"verify", false}};
    CHECK(measure(to)["success"] == true);
    to["tls_config"] = nginx.trust();
    to["tls_config"]["server_name"] = "localhost";
    CHECK(measure(to)["success"] == (now.spec.ends > 0));
}

TEST_CASE("a client certificate is shown where one is wanted") {
    const web_server nginx(pages, {}, "ssl_verify_client on;");
    json to{{"url", nginx.https()}, {"tls_config", nginx.trust()}};
    CHECK_THAT(reason(measure(to)), Contains("it answered 400"));
    to["tls_config"].update(nginx.client_files());
    CHECK(reason(measure(to)).empty());
}

TEST_CASE("a packed body is unpacked and checked, and left alone when nobody asked for it") {
    const web_server nginx(pages);
    const auto text = std::string(5000, 'a') + "end";
    nginx.files().write("packed", text);
    json to{
        {"url", nginx.https("/packed")}, {"tls_config", nginx.trust()}, {"fail_if_body_not_matches_regexp", "aend$"}};
    const auto compression = GENERATE(as<std::string>{}, "gzip", "any", "none");
    to["compression"] = compression;
    const auto http2 = GENERATE(true, false);
    to["http2"] = http2;
    const auto seen = measure(to);
    INFO(seen.dump());
    CHECK(seen["success"] == true);
    CHECK(seen["metrics"]["uncompressed_body_length"] == text.size());
    CHECK(seen["metrics"]["content_length"] == (compression == "none" ? 5003 : -1));
}

TEST_CASE("compression can be required, and asked for in words of one's own") {
    const web_server nginx(pages);
    nginx.files().write("packed", std::string(5000, 'a'));
    json to{{"url", nginx.http("/packed")}, {"compression", "gzip"}, {"compression_required", true}};
    CHECK(reason(measure(to)).empty());
    to["headers"] = {{"Accept-Encoding", "identity"}};
    CHECK_THAT(reason(measure(to)), Contains("the body is not compressed with gzip (compression_required)"));
    to["headers"] = {{"Accept-Encoding", "br, gzip"}};
    CHECK(reason(measure(to)).empty());
    to["compression"] = "br";
    CHECK_THAT(reason(measure(to)), Contains("the body is not compressed with br (compression_required)"));
}

TEST_CASE("a login is checked by the server") {
    const web_server nginx(pages);
    nginx.files().write("users", "me:{PLAIN}right\n");
    nginx.files().write("packed", "inside");
    json to{{"url", nginx.http("/login")}, {"basic_auth", {{"username", "me"}, {"password", "wrong"}}}};
    const auto refused = measure(to);
    CHECK_THAT(reason(refused), Contains("401 Unauthorized") && !Contains("wrong"));
    to["basic_auth"]["password"] = "right";
    CHECK(reason(measure(to)).empty());
}

TEST_CASE("a large body comes whole, over both versions of HTTP") {
    const web_server nginx("  location / { }\n");
    nginx.files().write("large", std::string(3'000'000, 'x'));
    const auto http2 = GENERATE(true, false);
    const auto seen = measure({{"url", nginx.https("/large")}, {"tls_config", nginx.trust()}, {"http2", http2}});
    CHECK(reason(seen).empty());
    CHECK(seen["metrics"]["uncompressed_body_length"] == 3'000'000);
}

TEST_CASE("a body goes to the server over both versions of HTTP") {
    const web_server nginx("  location / { client_max_body_size 1m; proxy_pass http://127.0.0.1:1/; }\n");
    const auto http2 = GENERATE(true, false);
    json to{{"url", nginx.https()}, {"tls_config", nginx.trust()}, {"http2", http2}};
    to["body"] = std::string(500'000, 'x');
    CHECK_THAT(reason(measure(to)), Contains("it answered 502")); // read whole, and nobody behind it
    to["body"] = std::string(1'100'000, 'x');
    CHECK_THAT(reason(measure(to)), Contains("it answered 413"));
}

TEST_CASE("a proxy is gone through, plainly and by a tunnel") {
    const web_server nginx(pages);
    SECTION("open") {
        const proxy_server proxy;
        const auto plain = measure({{"url", nginx.http()}, {"proxy_url", proxy.url()}});
        CHECK(reason(plain).empty());
        CHECK(plain["metrics"]["status_code"] == 200);
        const auto tunnel =
            measure({{"url", nginx.https()}, {"proxy_url", proxy.url()}, {"tls_config", nginx.trust()}});
        CHECK(reason(tunnel).empty());
        CHECK(tunnel["metrics"]["version"] == 2);
        const bound_socket closed(SOCK_STREAM);
        const auto refused =
            measure({{"url", "https://127.0.0.1:" + std::to_string(closed.port())}, {"proxy_url", proxy.url()}});
        CHECK(refused["failed_phase"] == "connect");
        CHECK_THAT(reason(refused), Contains("the proxy opens no tunnel to 127.0.0.1:") && Contains("500"));
    }
    SECTION("with a login") {
        const proxy_server proxy("BasicAuth me secret\n");
        json to{{"url", nginx.https()}, {"proxy_url", proxy.url()}, {"tls_config", nginx.trust()}};
        CHECK_THAT(reason(measure(to)), Contains("407"));
        to["proxy_url"] = proxy.url("me:secret");
        const auto seen = measure(to);
        CHECK(reason(seen).empty());
        CHECK_THAT(seen.dump(), !Contains("secret"));
    }
    SECTION("not there") {
        const auto seen = measure({{"url", nginx.http()}, {"proxy_url", "http://127.0.0.1:1"}});
        CHECK(seen["failed_phase"] == "connect");
        CHECK_THAT(reason(seen), Contains("127.0.0.1:1: connection refused"));
    }
}
