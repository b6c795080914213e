// Drivers over component sets.
#pragma once

#include <memory>

#include "plugins/component_set.hpp"
#include "plugins/driver.hpp"

namespace ferrule::plugins {

std::shared_ptr<driver> make_driver(std::shared_ptr<component_set> of);

} // namespace ferrule::plugins
