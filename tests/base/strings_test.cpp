#include "base/strings.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::base;

TEST_CASE("the nearest word is found for a slip, and none for another word") {
    const std::vector<std::string> words{"listen", "tls", "max_body", "max_header"};
    CHECK(nearest("lissten", words) == "listen");
    CHECK(nearest("lisetn", words) == "listen");
    CHECK(nearest("Listen", words) == "listen");
    CHECK(nearest("maxbody", words) == "max_body");
    CHECK(nearest("tsl", words) == "tls");
    CHECK(nearest("banana", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest("x", {}).empty());
}

TEST_CASE("a word of any length is compared at once, and quoted in part") {
    const std::vector<std::string> names(10'000, std::string(100, 'a'));
    const std::string endless(4'000'000, 'a'); // letter by letter these would be 4e12 steps
    CHECK(nearest(endless, names).empty());
    CHECK(nearest(std::string(99, 'a'), names) == names.front());
    CHECK(shortened("listen", 6) == "listen");
    CHECK(shortened("listen", 5) == "liste…");
    CHECK(shortened("añb", 2) == "a…");
}

TEST_CASE("texts are split, trimmed and joined") {
    CHECK(split("a,b,,c", ',') == std::vector<std::string_view>{"a", "b", "", "c"});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split(",", ',') == std::vector<std::string_view>{"", ""});
    CHECK(trim(" \t\r\n a b \f\v") == "a b");
    CHECK(trim(" \n ").empty());
    CHECK(join(std::vector<std::string>{"a", "b", "c"}, ", ") == "a, b, c");
    CHECK(join(std::vector<std::string>{"", ""}, ",") == ",");
    CHECK(join({}, ",").empty());
}

TEST_CASE("case is ignored for ASCII only") {
    CHECK(equals_ignoring_case("Content-TYPE", "content-type"));
    CHECK_FALSE(equals_ignoring_case("a", "ab"));
    CHECK_FALSE(equals_ignoring_case("É", "é"));
    CHECK(to_lower("AbCÉ") == "abcÉ");
}

TEST_CASE("UTF-8 is told from other bytes") {
    for (const auto* text : {"", "ascii", "é", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"}) {
        INFO(text);
        CHECK(is_utf8(text));
    }
    for (const auto* text : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xe2\x28\xa1"}) {
        CHECK_FALSE(is_utf8(text));
    }
}
