// SPDX-License-Identifier: Apache-2.0
#include "icmp/permission.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ferrule::icmp {

namespace {

std::string own_path() {
    char path[4096];
    const auto length = ::readlink("/proc/self/exe", path, sizeof(path));
    return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : "the ferrule binary";
}

std::string allow_datagram() {
    const auto group = std::to_string(::getegid());
    return "allow datagram ICMP sockets to its group " + group + " (sysctl -w net.ipv4.ping_group_range='" + group +
           " " + group + "', and the same in /etc/sysctl.d/ to keep it)";
}

std::string allow_raw() {
    return "give the program the capability for raw sockets (setcap cap_net_raw+ep " + own_path() +
           ", or AmbientCapabilities=CAP_NET_RAW in its systemd unit)";
}

} // namespace

sdk::error socket_refused(family of, socket_kind wanted, int number) {
    if (number == EAFNOSUPPORT || number == EPROTONOSUPPORT) {
        return {"unsupported", of == family::v6
                                   ? "IPv6 is switched off on this host, so an IPv6 address cannot be probed."
                                   : "This kernel offers no ICMP sockets for IPv4."};
    }
    if (number != EPERM && number != EACCES) {
        return {"internal", std::string("No ICMP socket could be opened: ") + std::strerror(number) + ".", true};
    }
    std::string remedy;
    if (wanted != socket_kind::raw) {
        remedy = allow_datagram();
    }
    if (wanted != socket_kind::datagram) {
        remedy += (remedy.empty() ? "" : ", or ") + allow_raw();
    }
    return {"no_permission", "This process may not send ICMP: " + remedy + "."};
}

} // namespace ferrule::icmp
