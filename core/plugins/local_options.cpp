#include "plugins/local_options.hpp"

#include <nlohmann/json.hpp>

namespace ferrule::plugins {

using base::json;

namespace {

const json* member(const json& of, const char* key) {
    if (!of.is_object())
        return nullptr;
    const auto at = of.find(key);
    return at == of.end() ? nullptr : &*at;
}

// A null option counts as left out, as it does for plugins.
bool is_marked(const json& schema, const json& option) {
    const auto* mark = member(schema, "x-ferrule-local");
    return mark != nullptr && *mark == true && !option.is_null();
}

const json* schema_of(const json& schema, const std::string& key) {
    if (const auto* known = member(schema, "properties"))
        if (const auto* one = member(*known, key.c_str()))
            return one;
    return member(schema, "additionalProperties");
}

// The depth is bounded by that of the schema.
std::optional<std::string> search(const json& schema, const json& given, const std::string& path) {
    if (is_marked(schema, given))
        return path;
    if (given.is_array()) {
        const auto* items = member(schema, "items");
        for (std::size_t i = 0; items != nullptr && i < given.size(); ++i)
            if (auto found = search(*items, given[i], path + "[" + std::to_string(i) + "]"))
                return found;
        return std::nullopt;
    }
    if (!given.is_object())
        return std::nullopt;
    for (const auto& [key, value] : given.items())
        if (const auto* of = schema_of(schema, key))
            if (auto found = search(*of, value, path.empty() ? key : path + "." + key))
                return found;
    return std::nullopt;
}

} // namespace

std::optional<std::string> find_local_option(const json& schema, const json& options) {
    return search(schema, options, {});
}

} // namespace ferrule::plugins
