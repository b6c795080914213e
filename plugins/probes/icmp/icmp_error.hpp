// SPDX-License-Identifier: Apache-2.0
// What routers and hosts say about a packet that did not arrive.
#pragma once

#include "icmp/packet.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::icmp {

/// Why a packet of a burst got no reply, when that is known.
struct packet_error {
    std::string_view code;   ///< Stable and lower_snake, such as "host_unreachable"; lives for ever.
    std::string sentence;    ///< For people; who says so and what to do about it.
    std::string reported_by; ///< Address of the router or host that told, or empty when it was this one's own stack.
    bool local = false;      ///< The packet never left this host.
};

/// The error behind an ICMP error message. `info` is the MTU of the next hop where the message carries one.
packet_error describe_icmp(family of, std::uint8_t type, std::uint8_t code, std::uint32_t info,
                           std::string_view reported_by);

/// The error behind the errno of a failed send. `bytes` is the size of the packet with its IP header, `mtu` 0 when
/// unknown.
packet_error describe_send(int number, std::size_t bytes, std::uint32_t mtu);

} // namespace ferrule::icmp
