// Which build this is.
#pragma once

#include <string>

namespace ferrule::app {

/// Version of the daemon and of the plugin ABI that it offers, on one line.
std::string version_text();

/// Of the daemon alone.
std::string version_number();

} // namespace ferrule::app
