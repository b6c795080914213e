#include "scripted.hpp"

#include <ferrule/sdk/note.hpp>

#include <catch2/catch.hpp>

using namespace scripted;

namespace {

struct awkward {
    static constexpr sdk::plugin_info plugin{"awkward", "1.2.3", "Says \"hi\" \\ and\nmore"};
    static constexpr std::array<sdk::component_info, 2> components{{
        {FRL_KIND_PROBE, FRL_EXEC_BLOCKING, "one", "", R"( {"type": "object", "x": [1, -2.5e3, "\u0041", null]} )",
         nullptr},
        {FRL_KIND_SCHEDULER, FRL_EXEC_PURE, "two", "The second", "", nullptr},
    }};
};

constexpr auto made = sdk::detail::make_note<awkward>();

static_assert(sdk::detail::is_json_object(R"({})"));
static_assert(sdk::detail::is_json_object(R"( {"a":[{"b":"\\\""},true,false,0.5]} )"));
static_assert(!sdk::detail::is_json_object(R"([])"));
static_assert(!sdk::detail::is_json_object(R"({"a"})"));
static_assert(!sdk::detail::is_json_object(R"({"a":1,})"));
static_assert(!sdk::detail::is_json_object(R"({"a":01})"));
static_assert(!sdk::detail::is_json_object(R"({"a":"\x"})"));
static_assert(!sdk::detail::is_json_object(R"({} {})"));
static_assert(!sdk::detail::is_json_object(""));
static_assert(sdk::detail::is_name("a-b_9") && !sdk::detail::is_name("9a") && !sdk::detail::is_name("A") &&
              !sdk::detail::is_name(""));

} // namespace

TEST_CASE("a note is built at compile time and is JSON whatever the summary says") {
    const std::string_view text(made.text, made.text_size);
    const auto parsed = sdk::json::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->text("id") == "awkward");
    CHECK(parsed->text("version") == "1.2.3");
    CHECK(parsed->text("abi") == "1.0");
    CHECK(parsed->text("summary") == "Says \"hi\" \\ and more");
    const auto& components = parsed->at("components").items();
    REQUIRE(components.size() == 2);
    CHECK(components[0].text("execution") == "blocking");
    CHECK(components[0].at("config_schema").text("type") == "object");
    CHECK(components[0].find("summary") == nullptr);
    CHECK(components[1].text("execution") == "pure");
    CHECK(components[1].text("summary") == "The second");
    CHECK(made.owner_size == 8);
    CHECK(made.type == FRL_NOTE_TYPE);
}

TEST_CASE("the note in a plugin's file says what its entry says") {
    for (const std::string name : {"echo", "noop", "first_fit", "memory_store", "static_objects", "completes_twice"}) {
        INFO(name);
        const auto note = sdk::json::parse(th::read_note(fixture(name))).value();
        const auto plugin = th::plugin::load(fixture(name));
        CHECK(note.text("id") == plugin.id());
        CHECK(note.text("version") == plugin.version());
        for (const auto& each : note.at("components").items()) {
            CHECK_NOTHROW(plugin.component(each.text("kind"), each.text("name")));
        }
    }
}
