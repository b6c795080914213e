#include "plugins/local_options.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

using ferrule::base::json;
using ferrule::plugins::find_local_option;

namespace {

const json schema = json::parse(R"({"type": "object", "properties": {
    "known_hosts": {"type": "string", "x-ferrule-local": true},
    "policy": {"type": "string"},
    "odd": {"x-ferrule-local": "yes"},
    "tls": {"properties": {"ca_file": {"x-ferrule-local": true}, "verify": {"type": "boolean"}}},
    "steps": {"items": {"properties": {"script": {"x-ferrule-local": true}}}},
    "files": {"additionalProperties": {"x-ferrule-local": true}}}})");

} // namespace

TEST_CASE("an option that a plugin marks as one of its machine is found wherever it stands") {
    const auto [options, path] = GENERATE(table<std::string, std::string>({
        {R"({"policy": "strict", "known_hosts": "/etc/x"})", "known_hosts"},
        {R"({"known_hosts": {"not": "a text"}})", "known_hosts"},
        {R"({"tls": {"verify": true, "ca_file": "x"}})", "tls.ca_file"},
        {R"({"steps": [{"send": "x"}, {"script": "x"}]})", "steps[1].script"},
        {R"({"files": {"any": "x"}})", "files.any"},
    }));
    CHECK(find_local_option(schema, json::parse(options)) == path);
}

TEST_CASE("options without a mark, left out as null or without a schema are nobody's business") {
    for (const auto* options :
         {R"({})", R"({"policy": "strict"})", R"({"known_hosts": null})", R"({"odd": 1})", R"({"tls": "x"})",
          R"({"steps": {"script": 1}})", R"({"unheard_of": {"ca_file": "x"}})", R"([1])", R"("x")"}) {
        INFO(options);
        CHECK_FALSE(find_local_option(schema, json::parse(options)));
    }
    CHECK_FALSE(find_local_option(json(true), json::parse(R"({"known_hosts": "x"})")));
    CHECK_FALSE(find_local_option(schema, json(json::value_t::discarded)));
}
