// What must hold between the parts of a configuration.
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/problem.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config {

/// One file that was read: its tree, for places, and what it holds.
struct source {
    std::string name;
    std::filesystem::path folder;
    yaml::node root;
    schema::inventory_entries entries;
};

/// Names are unique, each reference has its target, a login is given once and in full, no device is reached through
/// itself. The first source is the main file.
void check_inventory(const std::vector<source>& sources, const settings& values, problems& found);

/// Checks are whole and have names of their own, their probes are there and take their settings, and no check depends
/// on itself. Announced windows of the entries are put into their checks.
void check_checks(std::vector<source>& sources, const settings& values, const load_options& options, problems& found);

/// What the main file says about the daemon: TLS is whole, addresses and tokens are unique, plugins' settings fit.
void check_daemon(const source& main, const settings& values, const load_options& options, problems& found);

} // namespace ferrule::config
