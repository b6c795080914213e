// SPDX-License-Identifier: Apache-2.0
// A probe plugin, loaded and called as the host does.
#pragma once

#include <ferrule/testhost.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace ferrule::probes_test {

using json = nlohmann::json;

/// One instance of a probe on a host whose time stands still unless the test moves it.
class rig {
  public:
    explicit rig(const std::string& probe, const json& config = json::object());
    /// Checks that the instance leaves nothing behind.
    ~rig();

    /// Measures to the end. What is no result of a measurement becomes {"error": …}.
    json measure(const json& target);

    frl_op start(const json& target, std::chrono::nanoseconds limit = std::chrono::seconds(5));
    json finish(frl_op op);

    testhost::host on;

  private:
    testhost::plugin plugin_;

  public:
    testhost::probe probe;
};

/// What creating the probe with this configuration is refused with.
std::string refusal(const std::string& probe, const json& config);

/// A folder that is gone after the test.
class scratch {
  public:
    scratch();
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch();

    [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

    std::string write(const std::string& name, const std::string& text) const;

  private:
    std::filesystem::path root_;
};

} // namespace ferrule::probes_test
