#include "api/api_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace ferrule;
using namespace ferrule::api_test;

namespace {

// Every "$ref" below `value`.
void collect_references(const json& value, std::set<std::string>& into) {
    if (value.is_object() && value.contains("$ref"))
        into.insert(value["$ref"].get<std::string>());
    if (value.is_structured())
        for (const auto& each : value)
            collect_references(each, into);
}

} // namespace

TEST_CASE("the document describes every route, and no other") {
    fixture on;
    const auto document = on.get("/api/v1/openapi.json");
    std::set<std::string> described;
    for (const auto& [path, operations] : document["paths"].items())
        for (const auto& [verb, operation] : operations.items())
            described.insert(verb + " " + path);
    std::set<std::string> routed;
    for (const auto& each : on.app->routes().routes()) {
        const auto name = boost::beast::http::to_string(each->verb);
        std::string verb(name.data(), name.size());
        for (auto& c : verb)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        routed.insert(verb + " " + each->pattern);
    }
    CHECK(described == routed);
    CHECK(routed.size() > 25);
}

TEST_CASE("the document is sound: unique operations, declared path parameters, resolvable references") {
    fixture on;
    const auto document = on.get("/api/v1/openapi.json");
    CHECK(document["openapi"] == "3.1.0");
    CHECK(document["info"].contains("title"));
    CHECK(document["info"].contains("version"));
    std::set<std::string> ids;
    for (const auto& [path, operations] : document["paths"].items())
        for (const auto& [verb, operation] : operations.items()) {
            CAPTURE(path, verb);
            CHECK(ids.insert(operation["operationId"].get<std::string>()).second);
            CHECK_FALSE(operation["summary"].get<std::string>().empty());
            CHECK_FALSE(operation["responses"].empty());
            std::set<std::string> in_path;
            for (const auto& each : operation.value("parameters", json::array())) {
                CHECK(each.contains("schema"));
                if (each["in"] == "path")
                    in_path.insert("{" + each["name"].get<std::string>() + "}");
            }
            for (const auto& name : in_path)
                CHECK(path.find(name) != std::string::npos);
            CHECK(in_path.size() == static_cast<std::size_t>(std::count(path.begin(), path.end(), '{')));
            for (const auto& [status, answer] : operation["responses"].items())
                CHECK(answer.contains("description"));
        }
    std::set<std::string> references;
    collect_references(document, references);
    for (const auto& each : references) {
        CAPTURE(each);
        CHECK(document.contains(json::json_pointer(each.substr(1))));
    }
}
