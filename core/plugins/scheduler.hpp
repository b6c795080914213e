// Scheduler plugins as the floors above use them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace ferrule::plugins {

using labels = std::vector<std::pair<std::string, std::string>>;

/// A node that may take work.
struct schedule_node {
    std::string name;
    std::string region;
    std::uint32_t capacity = 0;
    std::uint32_t count = 0;
    /// Load of its host per core, 0 when unknown.
    double load = 0;
    plugins::labels labels;
};

/// Something to be placed.
struct schedule_target {
    std::string key;
    plugins::labels labels;
};

/// Placed nowhere.
inline constexpr std::uint32_t no_node = UINT32_MAX;

/// The scheduler of one name. A pure function: `select` may be called from any thread, also at the same time. A newer
/// build of the file is loaded in the background and used from then on.
class scheduler {
  public:
    virtual ~scheduler() = default;
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;

    /// Index into `nodes` for each target, or no_node. Fails with the plugin's error, or `plugin_broken` when it chose
    /// a node that does not exist.
    virtual result<std::vector<std::uint32_t>> select(std::span<const schedule_node> nodes,
                                                      std::span<const schedule_target> targets) = 0;
    /// For one target.
    result<std::uint32_t> select(std::span<const schedule_node> nodes, const schedule_target& target);
};

} // namespace ferrule::plugins
