// Stores over instances.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "plugins/environment.hpp"
#include "plugins/loader.hpp"
#include "plugins/store.hpp"

namespace ferrule::plugins {

/// Loads the plugin and creates an instance of the store; blocks.
result<std::shared_ptr<store>> open_store(const std::shared_ptr<environment>& around, loader& brings,
                                          const std::filesystem::path& file, const std::string& name,
                                          const std::string& config);

} // namespace ferrule::plugins
