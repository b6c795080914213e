// SPDX-License-Identifier: Apache-2.0
// Which address of a target is measured, and from which of ours.
#pragma once

#include "common/fault.hpp"
#include "common/settings_reader.hpp"

#include <ferrule/sdk/resolve.hpp>
#include <ferrule/sdk/task.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ferrule::probes {

/// Which families of addresses may be used, and which comes first.
enum class ip_choice { any, ip4, ip6, prefer_ip4, prefer_ip6 };

/// An address and a port.
class endpoint {
  public:
    endpoint(sdk::address address, std::uint16_t port)
        : address_(address)
        , port_(port) {}

    [[nodiscard]] const sdk::address& address() const noexcept { return address_; }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// `192.0.2.1:80` or `[2001:db8::1]:80`.
    [[nodiscard]] std::string text() const {
        const auto host = address_.text();
        return (address_.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port_);
    }

  private:
    sdk::address address_;
    std::uint16_t port_;
};

/// The settings by which a target is reached, common to all probes: `ip_version`, `ip_fallback` and `source`.
struct route_settings {
    ip_choice ip = ip_choice::any;
    std::optional<sdk::address> source;

    /// Overwrites what the reader has.
    void read(settings_reader& from);
};

/// Their JSON schema, members of an object.
inline constexpr char route_schema[] = R"(
    "ip_version": {"enum": [4, 6], "description": "Preferred family of addresses; without it the first address that the resolver gives is taken."},
    "ip_fallback": {"type": "boolean", "default": true, "description": "Whether the other family may be used where the preferred one has no address, or cannot be used from here."},
    "source": {"type": "string", "description": "Own address to measure from."})";

/// An address literal, without asking anyone.
std::optional<sdk::address> parse_address(const std::string& text);

/// The member `host` of a target; throws sdk::failure invalid_target when it is missing or empty.
std::string host_of(settings_reader& target);
/// The member `port`; throws when it is none, or missing while there is no fallback.
std::uint16_t port_of(settings_reader& target, std::uint16_t fallback = 0);

/// Finds the addresses to try for a host, best first: one, or one of each family when the choice leaves both open.
sdk::task<outcome<std::vector<sdk::address>>> locate(std::string host, route_settings route, sdk::time_ns deadline);

} // namespace ferrule::probes
