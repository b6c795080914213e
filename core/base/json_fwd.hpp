// The JSON type by name only, for headers.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ferrule::base {
using json = nlohmann::json;
} // namespace ferrule::base
