// Where things are when the configuration does not say.
#pragma once

#include <filesystem>
#include <vector>

namespace ferrule::config {

/// `$STATE_DIRECTORY` (systemd), else `/var/lib/ferrule` for root, else `$XDG_DATA_HOME/ferrule` or
/// `~/.local/share/ferrule`.
std::filesystem::path default_data_dir();
/// `lib/ferrule/plugins` of the prefix that the running binary stands in; a build folder is laid out like one.
std::vector<std::filesystem::path> default_plugin_folders();
/// `share/ferrule/platforms` of the same prefix, then `/etc/ferrule/platforms`.
std::vector<std::filesystem::path> default_platform_folders();

} // namespace ferrule::config
