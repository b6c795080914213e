// What `target=` names.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "probes/blackbox/module.hpp"

namespace ferrule::probes::blackbox {

/// What a probe of the module is given for a target, beside its settings: `host` and `port`, or `url`. A URL's user and
/// password become `basic_auth` in place of the module's login; only an Authorization header of the module's own stays,
/// and they are passed over. Fails with `invalid_target`.
result<base::json> place_of(std::string_view target, const probe_module& of);

} // namespace ferrule::probes::blackbox
