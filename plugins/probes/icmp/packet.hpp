// SPDX-License-Identifier: Apache-2.0
// Echo packets as bytes: what is sent, and what comes back in replies and in the quotes of ICMP errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ferrule::icmp {

enum class family : std::uint8_t { v4, v6 };

inline constexpr std::size_t echo_header_size = 8;
inline constexpr std::size_t cookie_size = 16;
/// Header and cookie: what differs from packet to packet; the rest of the payload is the same in all.
inline constexpr std::size_t echo_head_size = echo_header_size + cookie_size;
/// Payload of the largest echo request that fits an IPv4 packet.
inline constexpr std::size_t largest_payload = 65535 - 20 - echo_header_size;

using echo_head = std::array<std::uint8_t, echo_head_size>;

/// Tells our packets from everyone else's and from our own older ones: 16 bytes at the start of the payload. The 16-bit
/// sequence number of ICMP repeats within a second at the rates wanted here, so it never decides alone.
struct cookie {
    std::uint64_t process; ///< Random, the same for all packets of an instance.
    std::uint64_t probe;   ///< The probe within the instance, 48 bits, never used twice within a process's life.
    std::uint16_t index;   ///< The packet within the probe's burst.

    bool operator==(const cookie&) const = default;
};

/// The part of an echo packet that can be told from its first bytes.
struct echo {
    std::uint16_t id = 0;
    std::uint16_t sequence = 0;
    std::optional<cookie> mark; ///< None when too few bytes of the payload are there.
};

/// Bytes that the payload repeats after the cookie, `largest_payload` of them.
std::span<const std::uint8_t> filler() noexcept;

/// An echo request's head for `payload` bytes in all, at least cookie_size. The checksum covers head and filler for
/// IPv4; for IPv6 it is left to the kernel, which knows the addresses.
echo_head make_request(family of, std::uint16_t id, std::uint16_t sequence, const cookie& mark, std::size_t payload);

/// Reads an echo reply. `with_ip_header`: an IPv4 header stands before it, as raw sockets deliver it. None when it is
/// something else or cut before the end of its header.
std::optional<echo> read_reply(family of, std::span<const std::uint8_t> bytes, bool with_ip_header);

/// Reads our echo request as an ICMP error quotes it, from the ICMP header on. A router need not quote more than that
/// header, so the cookie may be missing.
std::optional<echo> read_quoted_request(family of, std::span<const std::uint8_t> bytes);

} // namespace ferrule::icmp
