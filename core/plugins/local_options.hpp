// Which options of a plugin reach for something of the machine that runs it.
#pragma once

#include <optional>
#include <string>

#include "base/json_fwd.hpp"

namespace ferrule::plugins {

/// A plugin marks such options in its schema by `"x-ferrule-local": true`: files that it reads or writes, sockets of
/// agents, whatever a client that may only say *what* to do must not choose. Gives the path of the first one in
/// `options`, such as `tls_config.ca_file`, or none. Follows `properties`, `items` and `additionalProperties`.
std::optional<std::string> find_local_option(const base::json& schema, const base::json& options);

} // namespace ferrule::plugins
