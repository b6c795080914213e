#include <ferrule/sdk/json.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace ferrule::sdk;

TEST_CASE("JSON that is read and written again is the same") {
    for (const std::string text :
         {R"(null)", R"(true)", R"(0)", R"(-12)", R"(1.5)", R"("a\"b\\c\n")", R"([])", R"([1,[2,{}]])",
          R"({"a":{"b":[null,false]},"c":""})", R"(9223372036854775807)", R"(-9223372036854775808)"}) {
        const auto parsed = json::parse(text);
        REQUIRE(parsed);
        CHECK(parsed->dump() == text);
    }
}

TEST_CASE("escapes and surrogate pairs become UTF-8") {
    CHECK(json::parse(R"("\u00e9\ud83d\ude00\/\b\f\r\t")")->as_text() == "\xc3\xa9\xf0\x9f\x98\x80/\b\f\r\t");
}

TEST_CASE("JSON that is not strict is refused with its place") {
    const std::pair<const char*, const char*> cases[] = {
        {"", "offset 0: a value was expected"},
        {"{", "a text in quotes was expected"},
        {R"({"a")", "':' was expected"},
        {R"({"a":1)", "',' or '}' was expected"},
        {R"({"a":1,})", "a text in quotes was expected"},
        {R"({"a":1,"a":2})", "the key 'a' appears twice"},
        {"[1", "',' or ']' was expected"},
        {"[1,]", "a value was expected"},
        {"1 2", "offset 2: text after the value"},
        {"01", "text after the value"},
        {"1.", "a value was expected"},
        {"-", "a value was expected"},
        {"1e999", "a number that is too large"},
        {"tru", "a value was expected"},
        {R"("abc)", "the text does not end"},
        {R"("\x")", "an unknown escape"},
        {R"("\u12")", "four hexadecimal digits"},
        {R"("\ud800")", "half of a surrogate pair"},
        {R"("\udc00")", "half of a surrogate pair"},
        {R"("\ud800\u0041")", "half of a surrogate pair"},
        {"\"\n\"", "a byte that is not allowed"},
        {"\"\xff\"", "a byte that is not allowed"},
        {"\"\xc0\xaf\"", "a byte that is not allowed"},
        {"\"\xed\xa0\x80\"", "a byte that is not allowed"},
    };
    for (const auto& [text, message] : cases) {
        INFO(text);
        const auto parsed = json::parse(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code() == "invalid_json");
        CHECK_THAT(parsed.error().message(), Catch::Contains(message));
    }
}

TEST_CASE("nesting is limited, so that hostile input cannot exhaust the stack") {
    CHECK(json::parse(std::string(64, '[') + std::string(64, ']')));
    const auto deep = json::parse(std::string(100'000, '['));
    REQUIRE_FALSE(deep);
    CHECK_THAT(deep.error().message(), Catch::Contains("nested too deeply"));
}

TEST_CASE("members are looked up with fallbacks, and a wrong type is named") {
    const auto object = json::parse(R"({"host":"a","port":22,"ratio":0.5,"on":true,"none":null})").value();
    CHECK(object.text("host") == "a");
    CHECK(object.text("other", "b") == "b");
    CHECK(object.integer("port") == 22);
    CHECK(object.number("port") == 22.0);
    CHECK(object.number("ratio") == 0.5);
    CHECK(object.boolean("on"));
    CHECK(object.integer("none", 7) == 7);
    CHECK(object.at("host").is_text());
    CHECK(object.keys().size() == 5);
    CHECK_THROWS_WITH(object.integer("host"), "'host': The value must be a whole number.");
    CHECK_THROWS_WITH(object.at("gone"), "'gone' is missing.");
    CHECK_THROWS_WITH(json::parse("1").value().keys(), "The value must be an object.");
}

TEST_CASE("written text is valid whatever bytes a device sent") {
    const auto text = json_object().add("output", std::string_view("ok\x00\x1b[0m\xff\xc3\xa9\"\\", 12)).text();
    const auto parsed = json::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->text("output") == std::string_view("ok\x00\x1b[0m\xef\xbf\xbd\xc3\xa9\"\\", 14));
}

TEST_CASE("numbers that JSON cannot hold are written as null") {
    const auto text = json_object()
                          .add("a", std::numeric_limits<double>::infinity())
                          .add("b", 0.1)
                          .add("c", std::uint64_t{18446744073709551615u})
                          .add("d", false)
                          .text();
    CHECK(text == R"({"a":null,"b":0.1,"c":18446744073709551615,"d":false})");
}

TEST_CASE("an error carries code, message, retryable and details") {
    CHECK(error("a", "b").json() == R"({"code":"a","message":"b","retryable":false})");
    CHECK(error("a", "b", true, R"({"x":1})").json() ==
          R"({"code":"a","message":"b","retryable":true,"details":{"x":1}})");
    CHECK(error::cancelled().status() == FRL_CANCELLED);
    const result<int> none = error("gone", "It is gone.");
    CHECK_THROWS_WITH(none.value(), "It is gone.");
}
