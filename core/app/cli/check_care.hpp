// What people tell a check: work that is announced, problems that somebody sees to.
#pragma once

#include "app/cli/commands.hpp"

namespace ferrule::app::cli {

/// Adds announce, withdraw, windows, acknowledge and unacknowledge to `ferrule check`.
void add_check_care(CLI::App& group, action& chosen);

} // namespace ferrule::app::cli
