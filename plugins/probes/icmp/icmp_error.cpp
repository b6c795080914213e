// SPDX-License-Identifier: Apache-2.0
#include "icmp/icmp_error.hpp"

#include <cerrno>
#include <cstring>

namespace ferrule::icmp {

namespace {

struct meaning {
    std::uint8_t type;
    std::uint8_t code;
    std::string_view name;
    std::string_view text;
};

// RFC 792, RFC 1122 and RFC 1812.
constexpr meaning v4_meanings[] = {
    {3, 0, "network_unreachable", "there is no route to the network"},
    {3, 1, "host_unreachable", "the host does not answer on its network"},
    {3, 2, "protocol_unreachable", "the host does not speak ICMP"},
    {3, 3, "port_unreachable", "the port is closed"},
    {3, 4, "fragmentation_needed", "the packet is too large for a link on the way and must not be fragmented"},
    {3, 5, "source_route_failed", "the source route failed"},
    {3, 6, "network_unknown", "the network is unknown"},
    {3, 7, "host_unknown", "the host is unknown"},
    {3, 9, "network_prohibited", "the network is administratively prohibited"},
    {3, 10, "host_prohibited", "the host is administratively prohibited"},
    {3, 11, "network_unreachable", "the network is unreachable for this type of service"},
    {3, 12, "host_unreachable", "the host is unreachable for this type of service"},
    {3, 13, "prohibited", "a filter prohibits it"},
    {11, 0, "time_exceeded", "the packet's time to live ended on the way"},
    {11, 1, "reassembly_time_exceeded", "a fragment of the packet was lost"},
    {12, 0, "parameter_problem", "a router did not understand the packet's header"},
};

// RFC 4443.
constexpr meaning v6_meanings[] = {
    {1, 0, "network_unreachable", "there is no route to the destination"},
    {1, 1, "prohibited", "a filter prohibits it"},
    {1, 2, "beyond_scope", "the source address does not reach that far"},
    {1, 3, "host_unreachable", "the host does not answer on its network"},
    {1, 4, "port_unreachable", "the port is closed"},
    {1, 5, "source_policy_failed", "the source address is refused by policy"},
    {1, 6, "route_rejected", "the route to the destination rejects packets"},
    {2, 0, "fragmentation_needed", "the packet is too large for a link on the way"},
    {3, 0, "time_exceeded", "the packet's hop limit ended on the way"},
    {3, 1, "reassembly_time_exceeded", "a fragment of the packet was lost"},
    {4, 0, "parameter_problem", "a router did not understand the packet's header"},
};

template <std::size_t Count>
const meaning* find(const meaning (&all)[Count], std::uint8_t type, std::uint8_t code) {
    for (const auto& each : all) {
        if (each.type == type && each.code == code) {
            return &each;
        }
    }
    return nullptr;
}

} // namespace

packet_error describe_icmp(family of, std::uint8_t type, std::uint8_t code, std::uint32_t info,
                           std::string_view reported_by) {
    packet_error told;
    told.reported_by = reported_by;
    const auto* known = of == family::v4 ? find(v4_meanings, type, code) : find(v6_meanings, type, code);
    told.sentence = std::string(reported_by) + " says: ";
    if (known == nullptr) {
        told.code = "icmp_error";
        told.sentence += "ICMP type " + std::to_string(type) + ", code " + std::to_string(code);
    } else {
        told.code = known->name;
        told.sentence += known->text;
        if (told.code == "fragmentation_needed" && info != 0) {
            told.sentence += "; the MTU there is " + std::to_string(info);
        }
    }
    told.sentence += '.';
    return told;
}

packet_error describe_send(int number, std::size_t bytes, std::uint32_t mtu) {
    packet_error told;
    told.local = true;
    switch (number) {
    case EMSGSIZE:
        told.code = "packet_too_large";
        told.sentence = "A packet of " + std::to_string(bytes) + " bytes does not fit" +
                        (mtu == 0 ? std::string(" the path") : " the path's MTU of " + std::to_string(mtu)) +
                        " and must not be fragmented; lower 'size' or leave out 'dont_fragment'.";
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
        told.code = "no_route";
        told.sentence = "This host has no route to the target; look at its routes and addresses ('ip route get').";
        break;
    case EPERM:
    case EACCES:
        told.code = "send_prohibited";
        told.sentence = "This host does not let the packet out: a firewall rule, a route that prohibits it, or a "
                        "broadcast address.";
        break;
    default:
        told.code = "send_failed";
        told.sentence = std::string("This host could not send the packet: ") + std::strerror(number) + ".";
    }
    return told;
}

} // namespace ferrule::icmp
