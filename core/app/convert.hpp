// Settings in the terms of the floors that they are for.
#pragma once

#include <vector>

#include "config/settings.hpp"
#include "model/token.hpp"
#include "plugins/settings.hpp"

namespace ferrule::app {

std::vector<model::token> tokens_of(const config::settings& from);
plugins::settings plugin_settings_of(const config::settings& from);

} // namespace ferrule::app
