// SPDX-License-Identifier: Apache-2.0
// The ssh plugin, loaded as the host loads it, with everything that a test needs around it.
#pragma once

#include <ferrule/testhost/driver.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ferrule::drivers_test {

using json = nlohmann::json;

/// A platform of config/platforms as the core hands it to the driver: `inherits` resolved, turned into JSON.
json platform(const std::string& name);

/// A directory that vanishes with the object.
class scratch {
  public:
    scratch();
    ~scratch();
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

    std::string write(const std::string& name, const std::string& text) const;
    [[nodiscard]] std::string read(const std::string& name) const;

  private:
    std::filesystem::path root_;
};

/// How an operation ended, with its JSON parsed.
struct ended {
    bool ok = false;
    json reply;
    std::string output;

    [[nodiscard]] std::string code() const { return reply.value("code", ""); }

    [[nodiscard]] std::string message() const { return reply.value("message", ""); }
};

/// One instance of the driver on a host of its own, on the real clock.
class rig {
  public:
    explicit rig(json config = json::object());

    /// A target on this machine with the credential `login`, host keys unchecked unless `options` says otherwise.
    json target(std::uint16_t port, const std::string& platform_name, json options = json::object()) const;

    /// Sets the credential that targets refer to as `login`.
    void set_login(json credential, const std::string& reference = "login");

    ended open(frl_session session, const json& to);
    ended exec(frl_session session, const std::string& command, json more = json::object());
    ended config(frl_session session, const std::vector<std::string>& lines, json more = json::object());
    ended keepalive(frl_session session);
    ended close(frl_session session);

    ended finish(frl_op op);

    testhost::host on{testhost::clock_mode::real_time};
    testhost::plugin plugin;
    testhost::driver driver;
};

} // namespace ferrule::drivers_test
