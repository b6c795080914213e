// The commands, each of which adds itself to the parser.
#pragma once

#include <functional>

namespace CLI {
class App;
} // namespace CLI

namespace ferrule::app::cli {

/// Set by the subcommand that was given; runs it and returns the exit code.
using action = std::function<int()>;

// The daemon and what works without one.
void add_run(CLI::App& root, action& chosen);
void add_check_config(CLI::App& root, action& chosen);
void add_plugin(CLI::App& root, action& chosen);

} // namespace ferrule::app::cli
