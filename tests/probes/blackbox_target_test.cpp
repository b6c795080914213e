#include "probes/blackbox/target.hpp"

#include "probes/blackbox/exporter.hpp"

#include "support/print_result.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace ferrule::probes::blackbox;
using base::json;
using namespace std::chrono_literals;

namespace {

std::string place(prober how, const std::string& target, const std::string& settings = "{}") {
    probe_module of;
    of.how = how;
    of.settings = settings;
    const auto got = place_of(target, of);
    return got ? got->dump() : got.error().code();
}

} // namespace

TEST_CASE("a target of http is a URL, with http:// where it has no scheme") {
    CHECK(place(prober::http, "a.example") == R"({"url":"http://a.example"})");
    CHECK(place(prober::http, "https://a.example:8443/x?y=z") == R"({"url":"https://a.example:8443/x?y=z"})");
    CHECK(place(prober::http, "a/b c") == R"({"url":"http://a/b c"})");
    const auto longest = "http://a/" + std::string(10'000, 'x');
    CHECK(place(prober::http, longest) == R"({"url":")" + longest + R"("})");
    CHECK(place(prober::http, "http://a/\x7f") == "invalid_target");
    CHECK(place(prober::http, "http://a\n") == "invalid_target");
}

TEST_CASE("the login in a URL is taken out of it, and wins over the module's") {
    CHECK(place(prober::http, "http://me:s%40cret@a.example/@x") ==
          R"({"basic_auth":{"password":"s@cret","username":"me"},"url":"http://a.example/@x"})");
    CHECK(place(prober::http, "http://me@a.example") ==
          R"({"basic_auth":{"password":"","username":"me"},"url":"http://a.example"})");
    CHECK(place(prober::http, "http://me:x@a", R"({"bearer_token":"t"})") ==
          R"({"basic_auth":{"password":"x","username":"me"},"bearer_token":null,"url":"http://a"})");
    CHECK(place(prober::http, "http://me:x@a", R"({"basic_auth":{"username":"you","password":"y"}})") ==
          R"({"basic_auth":{"password":"x","username":"me"},"url":"http://a"})");
    // That of `authorization: {type: Token, …}`.
    CHECK(place(prober::http, "http://me:x@a", R"({"headers":{"Authorization":"Token t","A":"b"}})") ==
          R"({"basic_auth":{"password":"x","username":"me"},"headers":{"A":"b"},"url":"http://a"})");
}

TEST_CASE("only a module's own header wins over the login in a URL") {
    probe_module of;
    of.settings = R"({"headers":{"AUTHORIZATION":"t"}})";
    of.has_authorization_header = true;
    CHECK(place_of("http://me:x@a", of)->dump() == R"({"url":"http://a"})");
}

TEST_CASE("a target of tcp has a port") {
    CHECK(place(prober::tcp, "a.example:22") == R"({"host":"a.example","port":22})");
    CHECK(place(prober::tcp, "[2001:db8::1]:22") == R"({"host":"2001:db8::1","port":22})");
    for (const auto* bad : {"a.example", "::1", "[::1]", "a:", "a:0", "a:65536", "a:ssh", ":22", "a:22x"})
        CHECK(place(prober::tcp, bad) == "invalid_target");
}

TEST_CASE("a target of dns may have a port") {
    CHECK(place(prober::dns, "192.0.2.1") == R"({"host":"192.0.2.1","port":53})");
    CHECK(place(prober::dns, "192.0.2.1:5353") == R"({"host":"192.0.2.1","port":5353})");
    CHECK(place(prober::dns, "2001:db8::1") == R"({"host":"2001:db8::1","port":53})");
    CHECK(place(prober::dns, "[2001:db8::1]") == R"({"host":"2001:db8::1","port":53})");
    probe_module over_tls;
    over_tls.how = prober::dns;
    over_tls.over_tls = true;
    CHECK((*place_of("dns.example", over_tls))["port"] == 853);
}

TEST_CASE("a probe has as long as the scrape less the way back, and no longer than its module allows") {
    probe_module of;
    CHECK(time_for(of, std::nullopt) == 119'500ms);
    CHECK(time_for(of, 10) == 9'500ms);
    CHECK(time_for(of, 0.25) == 250ms);
    CHECK(time_for(of, 1e300) == 119s + 500ms);
    CHECK(time_for(of, 1e-9) == 1ms);
    of.timeout = 5s;
    CHECK(time_for(of, 10) == 5s);
    CHECK(time_for(of, 3) == 2'500ms);
    CHECK(time_for(of, std::nullopt) == 5s);
}
