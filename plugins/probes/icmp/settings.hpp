// SPDX-License-Identifier: Apache-2.0
// What a probe of icmp is asked to do, and what an instance is allowed to use.
#pragma once

#include "icmp/burst.hpp"
#include "icmp/packet.hpp"

#include <ferrule/sdk/json.hpp>

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ferrule::icmp {

/// An IPv4 or IPv6 address with its scope, comparable byte for byte.
struct ip_address {
    family of = family::v4;
    std::array<std::uint8_t, 16> bytes{};
    std::uint32_t scope = 0; ///< Interface of a link-local IPv6 address.

    bool operator==(const ip_address&) const = default;

    /// Equal but for the scope, which the kernel tells of every link-local address.
    [[nodiscard]] bool same_host(const ip_address& other) const noexcept {
        return of == other.of && bytes == other.bytes;
    }

    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_multicast() const noexcept;
    [[nodiscard]] bool is_link_local() const noexcept;
    [[nodiscard]] bool is_unspecified() const noexcept;

    /// Reads a literal, with `%interface` for IPv6; none when it is something else, such as a name.
    static std::optional<ip_address> parse(const std::string& text);
};

/// Header fields of the packets, which the sockets set before they send.
struct packet_options {
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0; ///< The DSCP is its upper six bits.
    bool dont_fragment = false;

    bool operator==(const packet_options&) const = default;
};

/// One probe. Every member but the host can be given a default in the configuration of the plugin.
struct probe_settings {
    std::uint16_t count = 1;
    time_ns interval = 100 * grid;
    time_ns timeout = 1000 * grid;
    std::uint16_t size = 56; ///< Bytes of payload.
    packet_options options{};
    std::optional<family> preferred; ///< None takes the resolver's first address.
    bool fallback = true;            ///< To the other family where the preferred one has no address.
    std::optional<ip_address> source;
};

enum class socket_kind : std::uint8_t { automatic, datagram, raw };

/// The plugin's configuration.
struct instance_settings {
    probe_settings defaults{};
    socket_kind sockets = socket_kind::automatic;
    std::uint32_t receive_buffer = 8U << 20U;
    std::uint32_t most_probes = 100'000;
};

/// Throws `failure` "invalid_config" that names the key.
instance_settings read_config(std::string_view text);

/// Throws `failure` "invalid_target" that names the key. The host's name goes to `host`.
probe_settings read_target(const sdk::json& value, const probe_settings& defaults, std::string& host);

} // namespace ferrule::icmp
