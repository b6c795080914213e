// What plugins say about their settings, without loading them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace ferrule::app {

/// The JSON Schema in the note of the component of this kind (empty = any) and name, if there is one. Reads the plugin
/// folders.
std::optional<std::string> plugin_schema(std::string_view kind, std::string_view name,
                                         const config::plugins_settings& from);

/// Why there is no usable component of this kind and name in the plugin folders; none if there is one. Reads the notes
/// of the files and loads nothing.
std::optional<std::string> plugin_missing(std::string_view kind, std::string_view name,
                                          const config::plugins_settings& from);

} // namespace ferrule::app
