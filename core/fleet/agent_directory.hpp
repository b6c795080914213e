// Who belongs to the fleet, for services that choose agents.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/agent.hpp"

namespace ferrule::fleet {

using agent_ptr = std::shared_ptr<const model::agent>;

/// The known agents. Thread-safe.
class agent_directory {
  public:
    virtual ~agent_directory() = default;

    /// All, in the order of their names.
    [[nodiscard]] virtual std::vector<agent_ptr> list() const = 0;
    /// Null when there is none of this name.
    [[nodiscard]] virtual agent_ptr find(const std::string& name) const = 0;
};

} // namespace ferrule::fleet
