// Settings in the terms of the floors that they are for.
#pragma once

#include <vector>

#include "config/settings.hpp"
#include "model/target.hpp"
#include "model/token.hpp"
#include "plugins/settings.hpp"

namespace ferrule::app {

std::vector<model::device> devices_of(const config::settings& from);
/// Those with a name, and one for each device that has its login written beside it.
std::vector<model::credential> credentials_of(const config::settings& from);
std::vector<model::token> tokens_of(const config::settings& from);
plugins::settings plugin_settings_of(const config::settings& from);

} // namespace ferrule::app
