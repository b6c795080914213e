#include "base/json.hpp"
#include "config/describe.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config {

namespace {

using base::json;
using schema::kind;
using schema::property;
using schema::shape;

// Any value may come from the environment, so text with a `${` is right wherever a text is not.
constexpr const char* variable = "\\$\\{";

json object_of(const shape& described);

json with_range(json rules, const schema::facets& given) {
    if (given.least)
        rules["minimum"] = given.zero ? std::int64_t{0} : *given.least;
    if (given.most)
        rules["maximum"] = *given.most;
    return rules;
}

json type_of(const property& of) {
    const auto or_variable = [](json rules) {
        return json{{"anyOf", json::array({std::move(rules), {{"type", "string"}, {"pattern", variable}}})}};
    };
    switch (of.type) {
    case kind::text:
        if (!of.rules.pattern.empty())
            return {{"type", "string"}, {"pattern", std::string(of.rules.pattern) + "|" + variable}};
        return {{"type", json::array({"string", "number", "boolean"})}};
    case kind::path:
        return {{"type", "string"}, {"minLength", 1}};
    case kind::secret:
        return {{"type", json::array({"string", "number", "boolean"})}};
    case kind::boolean:
        return or_variable({{"type", "boolean"}});
    case kind::integer:
        return or_variable(with_range({{"type", "integer"}}, of.rules));
    case kind::number:
        return or_variable(with_range({{"type", "number"}}, of.rules));
    case kind::duration:
        return {{"type", json::array({"string", "integer"})}, {"pattern", "^(0|([0-9]+(ns|us|ms|s|m|h|d))+)$|\\$\\{"}};
    case kind::size:
        return {{"type", json::array({"string", "integer"})}, {"pattern", "^[0-9]+(KiB|MiB|GiB)?$|\\$\\{"}};
    case kind::choice:
        return or_variable({{"enum", of.choices}});
    case kind::free_object:
        return {{"type", json::array({"object", "null"})}};
    case kind::object: {
        auto rules = object_of(*of.nested);
        rules["type"] = json::array({"object", "null"});
        return rules;
    }
    case kind::list:
        return {{"type", json::array({"array", "null"})}, {"items", type_of(*of.item)}};
    case kind::map:
        break;
    }
    return {{"type", json::array({"object", "null"})}, {"additionalProperties", type_of(*of.item)}};
}

json object_of(const shape& described) {
    auto properties = json::object();
    auto required = json::array();
    for (const auto& each : described.properties) {
        auto rules = type_of(each);
        rules["description"] = each.text;
        if (!each.default_value.is_null() && each.rules.default_text.empty())
            rules["default"] = each.default_value;
        if (each.rules.required)
            required.push_back(each.name);
        properties[each.name] = std::move(rules);
    }
    json rules{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
    if (!required.empty())
        rules["required"] = std::move(required);
    return rules;
}

} // namespace

std::string json_schema() {
    auto rules = object_of(schema::shape_of<schema::file_entries>());
    rules["$schema"] = "http://json-schema.org/draft-07/schema#";
    rules["title"] = "Ferrule configuration";
    rules["patternProperties"] = {{"^x-", {{"description", "Free for anchors; ignored."}}}};
    return rules.dump(2) + "\n";
}

} // namespace ferrule::config
