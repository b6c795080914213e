// SPDX-License-Identifier: Apache-2.0
#include "common/regex.hpp"
#include "common/settings_cache.hpp"
#include "common/utf8.hpp"
#include "dns/checks.hpp"
#include "http/expectations.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace ferrule::probes;
using Catch::Contains;
namespace sdk = ferrule::sdk;

namespace {

regex pattern(const std::string& text) {
    return regex::compile(text, "invalid_target").value();
}

std::string seen_as(const std::string& text) {
    return std::string(utf8_text(text).text());
}

const std::string costly = "^(a+)+$";
const std::string long_text = std::string(40, 'a') + "!";

} // namespace

TEST_CASE("what is no UTF-8 becomes U+FFFD byte by byte, as in Go") {
    CHECK(seen_as("").empty());
    CHECK(seen_as("plain text of more than eight bytes") == "plain text of more than eight bytes");
    CHECK(seen_as("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80") ==
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    const std::string bad = "\xef\xbf\xbd";
    CHECK(seen_as("a\xff"
                  "b") == "a" + bad + "b");
    CHECK(seen_as("\xc3") == bad);                  // cut off
    CHECK(seen_as("\xe2\x82z") == bad + bad + "z"); // cut off within
    CHECK(seen_as("\xc0\xaf") == bad + bad);        // longer than needed
    CHECK(seen_as("\xe0\x80\xaf") == bad + bad + bad);
    CHECK(seen_as("\xed\xa0\x80") == bad + bad + bad);           // a surrogate
    CHECK(seen_as("\xf4\x90\x80\x80") == bad + bad + bad + bad); // beyond U+10FFFF
    CHECK(seen_as("\xf0\x80\x80\x80") == bad + bad + bad + bad);
    CHECK(seen_as("\x80") == bad);
}

TEST_CASE("a pattern matches across bytes that are no UTF-8, and catches them as they came") {
    captures caught;
    REQUIRE(pattern("^user (.*) on (?<host>.+)$").search("user J\xf6rg\xff on h\xc3\xb6st", &caught) ==
            match_status::yes);
    CHECK(caught.group("1") == "J\xf6rg\xff");
    CHECK(caught.group("host") == "h\xc3\xb6st");
    CHECK(caught.end == 19);
    CHECK(pattern("a.b").search("a\xff"
                                "b") == match_status::yes);
    CHECK(pattern("^.$").search("\xe2\x82") == match_status::no); // two of them
    CHECK(pattern("\\x{fffd}").search("\xff") == match_status::yes);
    CHECK(pattern("[^\\x00-\\x7f]").search("\xff") == match_status::yes);
    CHECK(pattern("^$").search("") == match_status::yes);
}

TEST_CASE(
    "a pattern that takes too many steps on a header is a failure with that reason, whichever way it is asked for") {
    REQUIRE(pattern(costly).search(long_text) == match_status::costly);
    http::response_head head;
    head.headers.emplace_back("X-Long", long_text);
    const http::header_check check{"x-long", pattern(costly), false};
    CHECK(check.look(head) == http::header_check::finding::costly);
    head.headers.insert(head.headers.begin(), {"x-LONG", "aaa"});
    CHECK(check.look(head) == http::header_check::finding::matches);
    head.headers.pop_back();
    head.headers.front().second = "b";
    CHECK(check.look(head) == http::header_check::finding::differs);
    CHECK(http::header_check{"other", pattern("a"), false}.look(head) == http::header_check::finding::missing);
}

TEST_CASE("a pattern that takes too many steps on a JSON value is a failure with that reason") {
    const auto settings = sdk::json::parse(R"({"path": "/a", "matches": "^(a+)+$"})").value();
    settings_reader from(settings, "", "invalid_target");
    const auto check = http::json_check::read(from);
    const auto whole = sdk::json::parse(R"({"a": ")" + long_text + R"("})").value();
    CHECK(check.refuse(whole).value_or("") == "the pattern '^(a+)+$' takes too many steps on '/a'");
}

TEST_CASE("a pattern that takes too many steps on a record is a failure with that reason") {
    const auto* key = GENERATE("fail_if_matches_regexp", "fail_if_all_match_regexp", "fail_if_not_matches_regexp",
                               "fail_if_none_matches_regexp");
    const auto settings = sdk::json::parse(R"({")" + std::string(key) + R"(": ["(a+)+$"]})").value();
    dns::section_check check;
    check.read(settings_reader(settings, "", "invalid_target"));
    dns::record one;
    one.name = "n";
    one.data = long_text;
    INFO(key << one.text());
    CHECK_THAT(check.complaint({one}, "answer").value_or(""),
               Contains("in the answer section the pattern '(a+)+$' takes too many steps on 'n"));
}

TEST_CASE("what is remembered of settings is bounded in number and in bytes") {
    struct nothing {};

    settings_cache<nothing> cache({"host"});
    int reads = 0;
    const auto ask = [&](const std::string& host, const std::string& value) {
        const auto target = sdk::json::parse(R"({"host": ")" + host + R"(", "body": ")" + value + R"("})").value();
        (void)cache.get(target, [&](const sdk::json&) {
            ++reads;
            return nothing{};
        });
    };
    ask("a", "1");
    ask("b", "1");
    CHECK(reads == 1); // where it leads is no part of it
    const std::string large(1 << 20, 'x');
    for (int i = 0; i < 100; ++i) {
        ask("a", large + std::to_string(i));
        CHECK(cache.size() <= 4);
    }
    const auto before = cache.size();
    ask("a", large + large + large + large + large); // too large to be remembered
    CHECK(cache.size() == before);
    for (int i = 0; i < 5000; ++i) {
        ask("a", std::to_string(i));
    }
    CHECK(cache.size() <= settings_cache<nothing>::most);
}
