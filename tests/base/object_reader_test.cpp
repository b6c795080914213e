#include "base/json.hpp"

#include <catch2/catch.hpp>

#include "support/print_result.hpp"

using namespace ferrule::base;
using namespace std::chrono_literals;

namespace {

json parsed(std::string_view text) {
    auto value = parse_json(text);
    REQUIRE(value);
    return *value;
}

} // namespace

TEST_CASE("fields are read, absent and null ones take their fallback") {
    const auto value =
        parsed(R"({"t": "x", "b": true, "i": -3, "n": 1.5, "d": "90s", "l": ["a", "b"], "o": {}, "z": null,
                                  "c": "red"})");
    object_reader reader(value);
    CHECK(reader.required_text("t") == "x");
    CHECK(reader.boolean_or("b", false));
    CHECK(reader.integer_or("i", 0, -10, 10) == -3);
    CHECK(reader.number("n") == 1.5);
    CHECK(reader.time_span_or("d", 0s) == 90s);
    CHECK(reader.texts("l") == std::vector<std::string>{"a", "b"});
    CHECK(reader.object("o") != nullptr);
    CHECK(reader.one_of("c", {"red", "green"}) == "red");
    CHECK(reader.text_or("z", "fallback") == "fallback");
    CHECK_FALSE(reader.text("absent"));
    CHECK_FALSE(reader.finish());
}

TEST_CASE("every complaint comes with its path, and all at once") {
    const auto value =
        parsed(R"({"t": 1, "b": "yes", "i": 11, "f": 1.5, "d": 10, "e": "10", "l": ["a", 1], "o": [], "a": {},
                                  "c": "blue", "huge": 18446744073709551615, "num": "1", "prot": 22})");
    object_reader reader(value, "device");
    reader.text("t");
    reader.boolean("b");
    reader.integer("i", 0, 10);
    reader.integer("f", 0, 10);
    reader.time_span("d");
    reader.time_span("e");
    reader.texts("l");
    reader.object("o");
    reader.array("a");
    reader.one_of("c", {"red", "green"});
    reader.integer("huge", 0, INT64_MAX);
    reader.number("num");
    reader.required_text("host");
    reader.integer("port", 1, 65535);
    const auto bad = reader.finish();
    REQUIRE(bad);
    CHECK(bad->code() == "invalid_request");
    const auto details = parsed(bad->details());
    std::vector<std::string> lines;
    for (const auto& each : details["problems"])
        lines.push_back(each["path"].get<std::string>() + ": " + each["message"].get<std::string>());
    CHECK(lines ==
          std::vector<std::string>{
              "device.t: expected a text, found a number",
              "device.b: expected true or false, found a text",
              "device.i: must be between 0 and 10",
              "device.f: expected a whole number, found a number",
              "device.d: expected a duration with its unit as text, such as \"10s\", found a number",
              "device.e: \"10\" is not a duration: write a number with a unit, such as 500ms, 10s, 5m, 2h or 7d",
              "device.l[1]: expected a text, found a number",
              "device.o: expected an object, found a list",
              "device.a: expected a list, found an object",
              "device.c: must be one of red, green; found \"blue\"",
              "device.huge: must be between 0 and 9223372036854775807",
              "device.num: expected a number, found a text",
              "device.host: is required",
              "device.prot: unknown key; did you mean \"port\"?",
          });
    CHECK(bad->message().starts_with("device.t: expected a text, found a number; device.b: "));
}

TEST_CASE("of very many faults the first are told and the rest is counted, with names cut") {
    json value = json::object();
    for (int i = 0; i < 30; ++i)
        value["a" + std::to_string(i)] = 1;
    value["nested"] = json::object();
    for (int i = 0; i < 1000; ++i)
        value["nested"]["b" + std::to_string(i)] = 1;
    const std::string endless(1'000'000, 'c');
    value["a"] = endless;
    value[endless] = 1;
    object_reader reader(value);
    reader.one_of("a", {"red"});
    object_reader nested(*reader.object("nested"), "nested");
    reader.absorb(nested);
    const auto bad = reader.finish();
    REQUIRE(bad);
    CHECK(parsed(bad->details())["problems"].size() == 50);
    CHECK(bad->message().size() < 5'000);
    CHECK(bad->message().find("found \"" + endless.substr(0, 128) + "…\"") != std::string::npos);
    CHECK(bad->message().ends_with("; and 982 more")); // 1 + 1000 + 30 + 1 in all
}

TEST_CASE("a long name is cut in its place") {
    const auto value = json{{std::string(1000, 'c'), 1}};
    const auto bad = object_reader(value).finish();
    REQUIRE(bad);
    CHECK(bad->message() == std::string(128, 'c') + "…: unknown key");
}

TEST_CASE("what is no object at all is one complaint") {
    const auto value = parsed("[1]");
    object_reader reader(value);
    CHECK(reader.text_or("a", "x") == "x");
    const auto bad = reader.finish("bad");
    REQUIRE(bad);
    CHECK(bad->code() == "bad");
    CHECK(bad->message() == "expected an object, found a list");
}

TEST_CASE("nested readers hand their complaints up, unknown keys included") {
    const auto value = parsed(R"({"target": {"hots": "r1"}})");
    object_reader outer(value);
    const auto* target = outer.object("target");
    REQUIRE(target != nullptr);
    object_reader inner(*target, outer.path_of("target"));
    inner.text("host");
    outer.absorb(inner);
    const auto bad = outer.finish();
    REQUIRE(bad);
    CHECK(bad->message() == "target.hots: unknown key; did you mean \"host\"?");
}
