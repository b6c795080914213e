#include "http/target.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::http;
using texts = std::vector<std::string>;

namespace {

request made(std::string_view target, method verb = method::get) {
    request asked;
    asked.start(verb, "GET", target, 11);
    return asked;
}

std::string failure(std::string_view target) {
    auto asked = made(target);
    const auto read = read_target(asked);
    return read ? "" : read.error().message();
}

} // namespace

TEST_CASE("a path is split first and decoded then") {
    auto asked = made("/api/v1/devices/a%2Fb%20c?label=role%3Dcore&label=x&wait=10s&empty&plus=a+b");
    REQUIRE(read_target(asked).has_value());
    CHECK(asked.segments == texts{"api", "v1", "devices", "a/b c"});
    REQUIRE(asked.query.size() == 5);
    CHECK(asked.query[0] == request::pair{"label", "role=core"});
    CHECK(asked.query[1] == request::pair{"label", "x"});
    CHECK(asked.query_value("wait") == "10s");
    CHECK(asked.query_value("empty") == "");
    CHECK(asked.query_value("plus") == "a b");
    CHECK_FALSE(asked.query_value("absent"));
}

TEST_CASE("the slash at the end and doubled slashes are kept as empty segments") {
    auto plain = made("/a/b/");
    REQUIRE(read_target(plain).has_value());
    CHECK(plain.segments == texts{"a", "b", ""});
    auto doubled = made("//a//b?x=1");
    REQUIRE(read_target(doubled).has_value());
    CHECK(doubled.segments == texts{"", "a", "", "b"});
    auto root = made("/");
    REQUIRE(read_target(root).has_value());
    CHECK(root.segments == texts{""});
}

TEST_CASE("a path is never walked upwards") {
    auto asked = made("/api/%2e%2e/../x");
    REQUIRE(read_target(asked).has_value());
    CHECK(asked.segments == texts{"api", "..", "..", "x"});
}

TEST_CASE("the absolute form that proxies send means its path") {
    auto asked = made("http://example.com:8080/api/v1/jobs?limit=1");
    REQUIRE(read_target(asked).has_value());
    CHECK(asked.segments == texts{"api", "v1", "jobs"});
    CHECK(asked.query_value("limit") == "1");
    auto bare = made("https://example.com");
    REQUIRE(read_target(bare).has_value());
    CHECK(bare.segments == texts{""});
}

TEST_CASE("the asterisk is for OPTIONS") {
    auto asked = made("*", method::options);
    REQUIRE(read_target(asked).has_value());
    CHECK(asked.segments.empty());
    CHECK(failure("*") == "the request target must be a path that begins with a slash");
}

TEST_CASE("targets that hide something are refused") {
    const auto target = GENERATE(as<std::string>(), "/a%00b", "/a%0d%0ab", "/a%7f", "/a%", "/a%zz", "/a%c3%28",
                                 "/a?b=%00", "/a?%0a=b", "/a#b", "/a<b>", "/a b", "/a\\b", "/\x80", "http://u:p@h/",
                                 "ftp://h/", "javascript:alert(1)", "host:80", "relative", "");
    CAPTURE(target);
    CHECK_FALSE(failure(target).empty());
}

TEST_CASE("a query has at most 64 parameters") {
    std::string target = "/a?";
    for (int i = 0; i < 65; ++i)
        target += "k=v&";
    CHECK(failure(target) == "the request target has more than 64 query parameters");
}
