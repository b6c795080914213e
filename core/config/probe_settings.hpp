// How checks are measured and kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/check.hpp"

namespace ferrule::config {

/// Hosts that nodes are known to be cut off without.
struct anchor_settings {
    model::node_filter nodes;
    std::string probe = "icmp";
    std::vector<model::check_target> targets;
    std::string settings; ///< JSON object text, or empty.
    base::duration interval = std::chrono::seconds(10);
    std::optional<base::duration> timeout;
};

/// Who may ask for /probe: callers with a token of at least this role, or anybody.
enum class exporter_access { anonymous, viewer, operator_, admin };

/// What becomes of modules that ask for what blackbox_exporter can do and Ferrule cannot.
enum class unsupported_modules { refuse, leave_out };

/// The page that stands in for blackbox_exporter.
struct exporter_settings {
    std::filesystem::path modules; ///< Empty for the default modules.
    exporter_access access = exporter_access::operator_;
    unsupported_modules unsupported = unsupported_modules::refuse;
    std::uint32_t max_running = 500;
};

struct probes_settings {
    std::uint32_t max_running = 10'000; ///< Measurements of checks at the same time.
    std::uint32_t max_one_off = 1'000;  ///< Measurements at the same time that one request may ask for.
    base::duration write_interval = std::chrono::seconds(5);
    std::uint32_t max_series = 2'000;
    std::vector<anchor_settings> anchors;
    exporter_settings exporter;
};

} // namespace ferrule::config
