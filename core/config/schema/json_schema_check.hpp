// Holds settings against a JSON Schema that someone else wrote, with places for each fault.
#pragma once

#include <string>
#include <string_view>

#include "base/json_fwd.hpp"
#include "config/problem.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::schema {

/// Checks `value` against `rules`: type (also lists of types), enum, const, properties, required, additionalProperties,
/// patternProperties, items, minItems, maxItems, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength,
/// maxLength, pattern, format "regex" (as devices' regexes are), anyOf, oneOf, allOf, and `$ref` to `#/definitions/…`
/// or `#/$defs/…`. Other keywords are taken as notes. A value under a key that sounds secret is not quoted.
void check_against(const base::json& rules, const yaml::node& value, std::string_view file, const std::string& path,
                   problems& found);

} // namespace ferrule::config::schema
