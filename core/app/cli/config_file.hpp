// Which configuration a command works on.
#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"

namespace CLI {
class App;
} // namespace CLI

namespace ferrule::app::cli {

/// What -c said; empty = /etc/ferrule/ferrule.yaml when it is there, else the defaults.
struct config_choice {
    std::string file;
};

void add_config_options(CLI::App& command, config_choice& into);
/// Loads it, with plugins' settings checked against their schemas; prints every problem to stderr and gives none when
/// there are any. With `look_for_plugins` a store or scheduler that no folder has is one too: a start sees that by
/// itself, and need not read the folders twice.
std::optional<config::settings> load_config(const config_choice& chosen, bool look_for_plugins = false);
/// Makes data_dir and run_dir with mode 0700; prints why not.
bool make_folders(const config::settings& settings);

} // namespace ferrule::app::cli
