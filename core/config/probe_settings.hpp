// How checks are measured and kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/check.hpp"

namespace ferrule::config {

/// Hosts that nodes are known to be cut off without.
struct anchor_settings {
    model::node_selector nodes;
    std::string probe = "icmp";
    std::vector<model::check_target> targets;
    std::string settings; ///< JSON object text, or empty.
    base::duration interval = std::chrono::seconds(10);
    std::optional<base::duration> timeout;
};

struct probes_settings {
    std::uint32_t max_running = 10'000; ///< Measurements of checks at the same time.
    std::uint32_t max_one_off = 1'000;  ///< Measurements at the same time that one request may ask for.
    base::duration write_interval = std::chrono::seconds(5);
    std::uint32_t max_series = 2'000;
    std::vector<anchor_settings> anchors;
};

} // namespace ferrule::config
