// A token that is given in a file.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::app::cli {

/// The first line of `file`, or of standard input for "-". Reads no more than a token can have, whatever the file is.
/// Fails with `no_token`.
result<base::secret> read_token(const std::string& file);

} // namespace ferrule::app::cli
