// Points in time as JSON.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::base {

/// RFC 3339 text, or null.
json time_json(const std::optional<wall_time>& when);

} // namespace ferrule::base
