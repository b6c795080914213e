// Says whether a plugin keeps the contract.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::plugins {

/// One thing that was looked at.
struct check_outcome {
    /// `note`, `exports`, `driver ssh: create`, …
    std::string check;
    bool ok = false;
    /// What was found; for a failure also what to do.
    std::string message;
};

/// How a plugin is tried.
struct check_settings {
    /// Configuration of components by name, JSON text; `{}` for the others. Collections for stores are added.
    std::map<std::string, std::string> configs;
    /// Limit of the whole.
    base::duration limit = std::chrono::seconds(60);
};

/// Runs the contract tests on one file: what is in it, whether it loads, and how each component behaves towards a
/// strict host, as far as that can be tried without a device: operations against a port where nobody listens,
/// deadlines, cancellation, many at once, an orderly end. Stops at the first thing without which the next cannot be
/// tried.
///
/// The plugin runs in a child process, so that a crash is an outcome like any other. The child is a fork of the caller:
/// call it while the process has one thread.
std::vector<check_outcome> check_plugin(const std::filesystem::path& file, const check_settings& wanted = {});

} // namespace ferrule::plugins
