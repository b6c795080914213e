// Checks as clients see and send them.
#pragma once

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"

namespace ferrule::api {

/// The definition with the secrets of its settings masked.
base::json shown_check(const model::check& of);

/// Reads a body, in which what GET shows can be sent back: `origin` and `state` are passed over, and a secret that is
/// still masked is that of `before`, if there is one. `name` is the name in the path, or empty.
result<model::check> read_check(base::json body, const std::string& name, const model::check* before);

} // namespace ferrule::api
