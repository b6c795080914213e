// Puts together what `list` and `describe` show.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "plugins/catalog.hpp"
#include "plugins/component_set.hpp"
#include "plugins/registry.hpp"

namespace ferrule::plugins {

std::vector<plugin_info> list_plugins(const std::vector<catalog_entry>& files,
                                      const std::vector<std::shared_ptr<const build>>& builds,
                                      const std::vector<std::shared_ptr<component_set>>& sets);

result<std::vector<plugin_info>> describe_plugins(std::vector<plugin_info> all, std::string_view name,
                                                  const std::vector<std::filesystem::path>& folders);

} // namespace ferrule::plugins
