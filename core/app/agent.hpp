// The composition of the role agent: executes for a controller, opens no port.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "config/settings.hpp"

namespace ferrule::app {

/// Everything that an agent consists of, started in order and stopped in the reverse one. Goes on without a controller.
/// Lives on the thread that calls run.
class agent {
  public:
    explicit agent(config::settings wanted);
    agent(const agent&) = delete;
    agent& operator=(const agent&) = delete;
    ~agent();

    /// Starts, runs until SIGTERM or SIGINT (a second one ends at once), stops in order. Fails when a part cannot
    /// start, with its name and remedy.
    result<void> run();

  private:
    class parts;
    std::unique_ptr<parts> parts_;
};

} // namespace ferrule::app
