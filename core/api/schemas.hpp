// The shapes of bodies and answers as JSON Schema.
#pragma once

#include "base/json_fwd.hpp"

namespace ferrule::api {

/// components.schemas of the OpenAPI document.
base::json schemas();

} // namespace ferrule::api
