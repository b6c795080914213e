#include "api/described.hpp"

#include "base/strings.hpp"

#include <algorithm>

namespace ferrule::api_test {

using base::json;

namespace {

bool fits(std::string_view pattern, std::string_view path) {
    const auto wanted = base::split(pattern, '/');
    const auto given = base::split(path, '/');
    return wanted.size() == given.size() &&
           std::equal(wanted.begin(), wanted.end(), given.begin(),
                      [](auto one, auto other) { return one.starts_with('{') || one == other; });
}

bool is_of(const std::string& type, const json& value) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number()) ||
           (type == "null" && value.is_null());
}

bool is_of_one(const json& types, const json& value) {
    if (types.is_string())
        return is_of(types.get<std::string>(), value);
    return std::any_of(types.begin(), types.end(),
                       [&value](const auto& each) { return is_of(each.template get<std::string>(), value); });
}

class comparison {
  public:
    explicit comparison(const json& document)
        : document_(document) {}

    std::vector<std::string> faults(const json& schema, const json& value, const std::string& where) {
        std::vector<std::string> found;
        compare(schema, value, where, found);
        return found;
    }

  private:
    void compare(const json& schema, const json& value, const std::string& where, std::vector<std::string>& into) {
        if (schema.contains("$ref"))
            return compare(document_.at(json::json_pointer(schema["$ref"].get<std::string>().substr(1))), value, where,
                           into);
        for (const auto* several : {"oneOf", "anyOf"})
            if (schema.contains(several))
                one_of(schema[several], value, where, into);
        for (const auto& each : schema.value("allOf", json::array()))
            compare(each, value, where, into);
        if (schema.contains("type") && !is_of_one(schema["type"], value))
            into.push_back(where + ": is no " + schema["type"].dump());
        if (schema.contains("enum") &&
            std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
            into.push_back(where + ": " + value.dump() + " is not in the enum");
        if (value.is_object() && (schema.contains("properties") || schema.contains("additionalProperties")))
            members(schema, value, where, into);
        if (value.is_array() && schema.contains("items"))
            for (std::size_t i = 0; i < value.size(); ++i)
                compare(schema["items"], value[i], where + "[" + std::to_string(i) + "]", into);
    }

    void one_of(const json& all, const json& value, const std::string& where, std::vector<std::string>& into) {
        std::vector<std::string> nearest;
        for (const auto& each : all) {
            auto found = faults(each, value, where);
            if (found.empty())
                return;
            if (nearest.empty() || found.size() < nearest.size())
                nearest = std::move(found);
        }
        into.insert(into.end(), nearest.begin(), nearest.end());
    }

    void members(const json& schema, const json& value, const std::string& where, std::vector<std::string>& into) {
        const auto known = schema.value("properties", json::object());
        const auto others = schema.value("additionalProperties", json(false));
        for (const auto& [name, member] : value.items()) {
            const auto place = where + "." + name;
            if (known.contains(name))
                compare(known[name], member, place, into);
            else if (others.is_object())
                compare(others, member, place, into);
            else if (others != json(true))
                into.push_back(place + ": is not described");
        }
    }

    const json& document_;
};

} // namespace

std::vector<std::string> undescribed(const json& document, const std::string& path, const json& answer) {
    const auto bare = path.substr(0, path.find('?'));
    const json* operations = nullptr;
    for (const auto& [pattern, each] : document["paths"].items())
        if (pattern == bare || (operations == nullptr && fits(pattern, bare)))
            operations = &each;
    const json::json_pointer schema("/get/responses/200/content/application~1json/schema");
    if (operations == nullptr || !operations->contains(schema))
        return {};
    return comparison(document).faults(operations->at(schema), answer, bare);
}

} // namespace ferrule::api_test
