// Schedulers over component sets.
#pragma once

#include <memory>

#include "plugins/component_set.hpp"
#include "plugins/scheduler.hpp"

namespace ferrule::plugins {

/// `of` must have been brought in.
std::shared_ptr<scheduler> make_scheduler(std::shared_ptr<component_set> of);

} // namespace ferrule::plugins
