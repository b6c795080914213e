#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

using namespace ferrule::base;

TEST_CASE("valid JSON is read") {
    const auto parsed = parse_json(R"( {"a": [1, -2, 3.5, "x\u00e9", true, null], "b": {}} )");
    REQUIRE(parsed);
    CHECK((*parsed)["a"][3] == "xé");
    CHECK(parse_json("7"));
    CHECK(parse_json("\"text\""));
    // The same key in different objects is no duplicate.
    CHECK(parse_json(R"({"a": {"a": 1}, "b": {"a": 2}})"));
    CHECK(parse_json(std::string(64, '[') + std::string(64, ']')));
}

TEST_CASE("each fault of a JSON text has its place and its words") {
    const std::pair<std::string, const char*> table[] = {
        {"", "this is not valid JSON: it ends too early at line 1, column 1"},
        {"{", "this is not valid JSON: it ends too early at line 1, column 2"},
        {"{\n  \"a\": 1,\n  \"b\" 2\n}", "this is not valid JSON: unexpected text near '2' at line 3, column 7"},
        {"[1,]", "this is not valid JSON: unexpected text near '1,]' at line 1, column 4"},
        {"{} x", "this is not valid JSON: unexpected text near '{} x' at line 1, column 4"},
        {"{'a': 1}", "this is not valid JSON: unexpected text near '{'' at line 1, column 2"},
        {"[1e999]", "this is not valid JSON: unexpected text near '1e999' at line 1, column 6"},
        {"// no\n1", "this is not valid JSON: unexpected text near '/' at line 1, column 1"},
        {"{\"a\": 1, \"a\": 2}", "this is not valid JSON: the key \"a\" stands twice in the same object"},
        {std::string("{}\0 x", 5), "this is not valid JSON: a zero byte at line 1, column 3"},
        {std::string(65, '['), "this is not valid JSON: it is nested deeper than 64 levels"},
    };
    for (const auto& [text, message] : table) {
        INFO(text);
        const auto parsed = parse_json(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == "invalid_json");
        CHECK(parsed.error().message() == message);
    }
}

TEST_CASE("bytes that are not UTF-8 are refused when read and replaced when written") {
    for (const auto* text : {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "\"\\ud800\""})
        CHECK_FALSE(parse_json(text));
    CHECK(dump(json("a\xff"
                    "b")) == "\"a\xEF\xBF\xBD"
                             "b\"");
}

TEST_CASE("an error survives the way through JSON") {
    const ferrule::error made("auth_failed", "the device refused", true, R"({"host":"r1"})");
    CHECK(error_from_json(dump(to_json(made)), "other") == made);
    const ferrule::error plain("x", "y");
    CHECK(to_json(plain) == json({{"code", "x"}, {"message", "y"}, {"retryable", false}}));
    CHECK(error_from_json(dump(to_json(plain)), "other") == plain);
}

TEST_CASE("what is no error object becomes the fallback with a reason") {
    CHECK(error_from_json("", "plugin_error") == ferrule::error("plugin_error", "it gave no reason"));
    for (const auto* text : {"nonsense", "7", "{}", R"({"code": 7})", "[]"})
        CHECK(error_from_json(text, "plugin_error") == ferrule::error("plugin_error", "it gave no readable reason"));
    CHECK(error_from_json(R"({"code": "x", "message": 7, "retryable": "yes"})", "f") ==
          ferrule::error("x", "it gave no message"));
}
