// The OpenAPI document, made from the endpoints themselves.
#pragma once

#include <vector>

#include "api/endpoint.hpp"

namespace ferrule::api {

/// OpenAPI 3.1 for all of `described`. Throws std::logic_error for an endpoint that names a schema which does not
/// exist, so that a slip is found at the first start.
base::json make_openapi(const std::vector<endpoint>& described);

} // namespace ferrule::api
