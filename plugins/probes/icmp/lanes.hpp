// SPDX-License-Identifier: Apache-2.0
// The sockets of an instance: one a family and source address, more when sequence numbers run out.
#pragma once

#include "icmp/lane.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace ferrule::icmp {

class lanes {
  public:
    /// Far more than the probes of an instance can need.
    static constexpr std::size_t most = 256;

    /// `ready(lane, events)` is called for every readiness of a socket.
    lanes(sdk::strand& home, std::function<void(lane&, std::uint32_t)> ready)
        : home_(&home)
        , ready_(std::move(ready)) {}

    /// A lane with so many sequence numbers reserved, opened when need be. Errors are those of echo_socket::open, and
    /// "overloaded".
    sdk::result<lane*> reserve(family of, const std::optional<ip_address>& source, std::uint32_t count,
                               const instance_settings& settings);

    /// New probes get sockets with the settings of that time.
    void retire_all() noexcept;
    /// Closes retired sockets that nobody uses. Not within `ready`.
    void sweep();

    [[nodiscard]] std::vector<std::unique_ptr<lane>>& all() noexcept { return all_; }

  private:
    sdk::strand* home_;
    std::function<void(lane&, std::uint32_t)> ready_;
    std::vector<std::unique_ptr<lane>> all_;
};

} // namespace ferrule::icmp
