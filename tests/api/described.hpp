// Holds answers against the OpenAPI document of the server that gave them.
#pragma once

#include "base/json.hpp"

#include <string>
#include <vector>

namespace ferrule::api_test {

/// What the answer to `GET path` with 200 has and the document does not describe: members without a schema, values of
/// another type or outside their enum, each with its place. Nothing for a route without a JSON schema.
std::vector<std::string> undescribed(const base::json& document, const std::string& path, const base::json& answer);

} // namespace ferrule::api_test
