// Chooses the node for a job by asking the scheduler plugin.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/error.hpp"
#include "devices/resolved_target.hpp"
#include "model/node.hpp"
#include "plugins/scheduler.hpp"

namespace ferrule::devices {

/// Turns nodes and a device into the scheduler's terms. Thread-safe, as schedulers are.
class placement {
  public:
    explicit placement(std::shared_ptr<plugins::scheduler> chooser)
        : chooser_(std::move(chooser)) {}

    /// The index of the chosen node. `no_capacity` (retryable) when no node has room; the scheduler's own error
    /// otherwise.
    [[nodiscard]] result<std::size_t> choose(std::span<const model::node_info> nodes, const resolved_target& at) const;

  private:
    std::shared_ptr<plugins::scheduler> chooser_;
};

} // namespace ferrule::devices
