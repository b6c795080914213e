// Files that the command line sends to the server.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::app::cli {

/// What stands in a file of YAML or JSON (`-` for standard input), written as in the daemon's configuration: `${NAME}`
/// comes from this process's environment and `!file path` from a file beside it, so that it can name secrets instead of
/// having them. `warnings` gets those about files that everybody can read. Fails with `usage` and every place that is
/// wrong; never quotes what came from elsewhere.
result<base::json> read_yaml_file(const std::string& file, std::vector<std::string>& warnings);

/// The same with warnings on standard error.
result<base::json> read_yaml_file(const std::string& file);

} // namespace ferrule::app::cli
