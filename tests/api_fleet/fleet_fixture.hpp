// The whole API over a fleet: agents that have really joined, and commands that really run.
#pragma once

#include "api/api_fixture.hpp"

#include <memory>
#include <string>

namespace ferrule::api_test {

/// A controller named `local` with a fleet; agents join by `join`. Agents allow `/bin/echo` with any arguments, lines
/// of the shell, and the variable `SECRET`.
class fleet_fixture {
  public:
    /// `operators`: as commands.operators.
    explicit fleet_fixture(bool operators = false);
    fleet_fixture(const fleet_fixture&) = delete;
    fleet_fixture& operator=(const fleet_fixture&) = delete;
    ~fleet_fixture();

    /// With a join token that REST makes; returns once it is connected.
    void join(const std::string& name);
    /// It says goodbye; returns once it is offline.
    void leave(const std::string& name);

    /// A command as admin, ended.
    json run(const json& body);

  private:
    class parts;
    const std::unique_ptr<parts> parts_;

  public:
    fixture& on;
};

} // namespace ferrule::api_test
