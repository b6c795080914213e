// The composition of the roles that serve the API: standalone and controller.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

#include "base/error.hpp"
#include "config/settings.hpp"

namespace ferrule::app {

/// Everything that a controller consists of, started in order and stopped in the reverse one. Lives on the thread that
/// calls run.
class controller {
  public:
    explicit controller(config::settings wanted);
    controller(const controller&) = delete;
    controller& operator=(const controller&) = delete;
    ~controller();

    /// Starts, serves until SIGTERM or SIGINT (a second one ends at once), stops in order. Fails when a part cannot
    /// start, with its name and remedy.
    result<void> run();

  private:
    class parts;
    std::unique_ptr<parts> parts_;
};

} // namespace ferrule::app
