// Probes over component sets.
#pragma once

#include <memory>

#include "plugins/component_set.hpp"
#include "plugins/probe.hpp"

namespace ferrule::plugins {

std::shared_ptr<probe> make_probe(std::shared_ptr<component_set> of);

} // namespace ferrule::plugins
