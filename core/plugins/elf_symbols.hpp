// The names that a shared object shows to others.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "plugins/note.hpp"

namespace ferrule::plugins {

/// Defined dynamic symbols of default visibility, sorted. For files that `note_text` has accepted; a damaged symbol
/// table is `plugin_broken`.
result<std::vector<std::string>> exported_symbols(const byte_source& file);

} // namespace ferrule::plugins
