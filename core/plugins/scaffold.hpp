// Starts a plugin for its author.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "plugins/kind.hpp"

namespace ferrule::plugins {

/// Writes a plugin that builds against the installed package, loads and passes its test as it is: source,
/// CMakeLists.txt, test and README. `into` is made; it must be empty or not there. Gives the files. Fails with
/// `invalid_name`, `folder_not_empty` or `cannot_write`.
result<std::vector<std::filesystem::path>> scaffold(kind which, std::string_view name,
                                                    const std::filesystem::path& into);

} // namespace ferrule::plugins
