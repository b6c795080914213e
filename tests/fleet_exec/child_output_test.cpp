#include "fleet/exec/child_output.hpp"

#include "base/strings.hpp"

#include <catch2/catch.hpp>

#include <random>

using ferrule::fleet::exec::child_output;
using namespace std::string_literals;

TEST_CASE("what a process prints is kept as it is, and told piece by piece") {
    child_output kept(100);
    CHECK(kept.take("one\n") == "one\n");
    CHECK(kept.take("two\n") == "two\n");
    CHECK(kept.take("").empty());
    CHECK(kept.finish().empty());
    CHECK(kept.text() == "one\ntwo\n");
    CHECK_FALSE(kept.truncated());
}

TEST_CASE("output past the limit is cut at a whole character, and nothing after it is kept") {
    child_output kept(5);
    CHECK(kept.take("abc").size() == 3);
    CHECK(kept.take("d\xE2\x82\xAC"
                    "e") == "d");
    CHECK(kept.truncated());
    CHECK(kept.take("f").empty());
    CHECK(kept.text() == "abcd");

    child_output exact(3);
    exact.take("abc");
    CHECK_FALSE(exact.truncated());
    exact.take("d");
    CHECK(exact.truncated());
    CHECK(exact.text() == "abc");
}

TEST_CASE("a character that a read cuts in two is put together again, and one that never ends is broken") {
    child_output kept(100);
    CHECK(kept.take("a\xF0\x9F").size() == 1);
    CHECK(kept.take("\x98").empty());
    CHECK(kept.take("\x80z") == "\xF0\x9F\x98\x80z");
    CHECK(kept.take("\xE2\x82").empty());
    CHECK(kept.finish() == "\xEF\xBF\xBD");
    CHECK(kept.finish().empty());
}

TEST_CASE("bytes of any kind become UTF-8, however they are cut into pieces") {
    std::mt19937 random(Catch::rngSeed());
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<int> kind(0, 3);
    for (int round = 0; round < 300; ++round) {
        std::string raw;
        for (int i = 0; i < 200; ++i)
            raw += kind(random) == 0 ? std::string("\xE2\x82\xAC") : std::string(1, static_cast<char>(byte(random)));
        child_output whole(10'000);
        whole.take(raw);
        whole.finish();
        REQUIRE(ferrule::base::is_utf8(whole.text()));
        child_output pieces(10'000);
        std::string told;
        for (std::size_t at = 0; at < raw.size();) {
            const auto size = std::uniform_int_distribution<std::size_t>(1, 7)(random);
            told += pieces.take(std::string_view(raw).substr(at, size));
            at += size;
        }
        told += pieces.finish();
        CHECK(pieces.text() == whole.text());
        CHECK(told == whole.text());
    }
}
