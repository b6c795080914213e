// What the embedding process decides about plugins.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "plugins/kind.hpp"

namespace ferrule::plugins {

/// Gives the configuration of a component (`plugins.<name>`), a JSON object; asked once per instance. Any thread.
using config_source = std::function<base::json(kind, std::string_view name)>;

struct settings {
    /// Looked through in this order; the first file that offers a name wins. Absolute. Each may hold `<kind>s/`
    /// folders.
    std::vector<std::filesystem::path> folders;
    /// Holds the copies that are loaded; made with mode 0700, and refused when others can write to it.
    std::filesystem::path run_folder;
    /// Empty gives every component `{}`.
    config_source config;
    /// How long an operation may go on after it was told to end.
    base::duration cancel_grace = std::chrono::seconds(5);
    /// A callback that takes longer is logged with the plugin's name.
    base::duration callback_limit = std::chrono::milliseconds(100);
    /// Bytes of output kept of one operation.
    std::size_t output_limit = std::size_t{16} << 20;
    /// Threads of the blocking pool that one plugin may occupy at once, and work that may wait behind them.
    unsigned blocking_threads = 3;
    std::size_t blocking_queue = 1024;
};

} // namespace ferrule::plugins
