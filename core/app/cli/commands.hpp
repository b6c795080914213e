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
void add_ca(CLI::App& root, action& chosen);

// Clients of the API.
void add_exec(CLI::App& root, action& chosen);
void add_job(CLI::App& root, action& chosen);
void add_command(CLI::App& root, action& chosen);
void add_inventory(CLI::App& root, action& chosen);
void add_check(CLI::App& root, action& chosen);
void add_probe(CLI::App& root, action& chosen);
void add_token(CLI::App& root, action& chosen);
void add_agent(CLI::App& root, action& chosen);

/// `ferrule completion bash|zsh`, made from all other commands; add it last.
void add_completion(CLI::App& root, action& chosen);

} // namespace ferrule::app::cli
