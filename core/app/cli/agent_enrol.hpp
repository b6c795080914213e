// Joining a fleet ahead of an agent's first start.
#pragma once

#include "app/cli/commands.hpp"

namespace ferrule::app::cli {

/// Adds enrol to `ferrule agent`.
void add_agent_enrol(CLI::App& group, action& chosen);

} // namespace ferrule::app::cli
