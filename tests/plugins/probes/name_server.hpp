// SPDX-License-Identifier: Apache-2.0
// NLnet Labs' NSD, serving a zone on loopback.
#pragma once

#include "plugins/probes/rig.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ferrule::probes_test {

/// Runs for as long as the object lives. The zone is `example.test`.
class name_server {
  public:
    explicit name_server(const std::string& records);
    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;
    ~name_server();

    /// Whether it is installed.
    static bool available();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  private:
    scratch files_;
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
    int output_ = -1;
};

} // namespace ferrule::probes_test
