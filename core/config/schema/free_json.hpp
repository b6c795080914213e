// YAML that belongs to someone else, as JSON.
#pragma once

#include "base/json_fwd.hpp"
#include "config/yaml/node.hpp"

namespace ferrule::config::schema {

/// The tree as JSON. A scalar without quotes is null, a boolean or a number where YAML 1.2's core schema says so;
/// everything else is text.
base::json to_json(const yaml::node& from);

} // namespace ferrule::config::schema
