// SPDX-License-Identifier: Apache-2.0
// Opening an ICMP socket and setting it up.
#include "icmp/echo_socket.hpp"

#include "icmp/permission.hpp"
#include "icmp/socket_address.hpp"

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ferrule::icmp {

namespace {

constexpr int stamping = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                         SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;

template <class Value>
bool set(int fd, int level, int name, const Value& value) {
    return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/// Lets only replies with our identifier through, since a raw socket sees those of every process.
void filter_replies(int fd, family of, std::uint16_t id) {
    const std::uint32_t reply = of == family::v4 ? 0 : 129;
    // X is where the ICMP header begins: behind the IPv4 header, whose length is in its first byte.
    const sock_filter find_header = of == family::v4 ? sock_filter BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
                                                     : sock_filter BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0);
    sock_filter code[] = {
        find_header,
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, reply, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
    set(fd, SOL_SOCKET, SO_ATTACH_FILTER, program); // what it would drop is told by its cookie too
}

} // namespace

echo_socket::echo_socket(int fd, family of, bool raw)
    : fd_(fd)
    , family_(of)
    , raw_(raw) {}

echo_socket::~echo_socket() {
    ::close(fd_);
}

sdk::result<std::unique_ptr<echo_socket>> echo_socket::open(family of, const instance_settings& settings,
                                                            const std::optional<ip_address>& source) {
    const int domain = of == family::v4 ? AF_INET : AF_INET6;
    const auto protocol = static_cast<int>(of == family::v4 ? +IPPROTO_ICMP : +IPPROTO_ICMPV6);
    int fd = -1;
    int datagram_error = 0;
    bool raw = false;
    if (settings.sockets != socket_kind::raw) {
        fd = ::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        datagram_error = errno;
    }
    if (fd < 0 && settings.sockets != socket_kind::datagram && datagram_error != EAFNOSUPPORT) {
        fd = ::socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        raw = true;
    }
    if (fd < 0) {
        return socket_refused(of, settings.sockets, errno);
    }
    std::unique_ptr<echo_socket> made(new echo_socket(fd, of, raw));
    if (const auto ready = made->prepare(settings, source); !ready) {
        return ready.error();
    }
    return made;
}

sdk::result<void> echo_socket::prepare(const instance_settings& settings, const std::optional<ip_address>& source) {
    const auto size = static_cast<int>(settings.receive_buffer);
    if (!set(fd_, SOL_SOCKET, SO_RCVBUFFORCE, size)) {
        set(fd_, SOL_SOCKET, SO_RCVBUF, size); // up to net.core.rmem_max
    }
    set(fd_, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set(fd_, SOL_SOCKET, SO_TIMESTAMPING, stamping);
    set(fd_, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (family_ == family::v4) {
        set(fd_, IPPROTO_IP, IP_RECVERR, 1);
        set(fd_, IPPROTO_IP, IP_RECVTTL, 1);
    } else {
        set(fd_, IPPROTO_IPV6, IPV6_RECVERR, 1);
        set(fd_, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    }
    if (raw_) {
        prepare_raw();
    }
    ip_address local;
    local.of = family_;
    socket_address name(source.value_or(local));
    if ((!raw_ || source) && ::bind(fd_, name.get(), name.size()) != 0) {
        if (!source) {
            return sdk::error("internal", std::string("An ICMP socket could not be bound: ") + std::strerror(errno));
        }
        return sdk::error("invalid_target",
                          "'source' " + source->text() + " is no address of this host (" + std::strerror(errno) + ").");
    }
    if (!raw_) { // the kernel's choice of port is the identifier
        socklen_t length = sizeof(sockaddr_storage);
        sockaddr_storage bound{};
        if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &length) == 0) {
            id_ = port_of(bound);
        }
    }
    return sdk::ok();
}

void echo_socket::prepare_raw() {
    while (::getrandom(&id_, sizeof(id_), 0) != sizeof(id_)) {
    }
    if (family_ == family::v4) {
        icmp_filter only{~(1U << ICMP_ECHOREPLY)};
        set(fd_, SOL_RAW, ICMP_FILTER, only);
    } else {
        icmp6_filter only{};
        ICMP6_FILTER_SETBLOCKALL(&only);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
        set(fd_, IPPROTO_ICMPV6, ICMP6_FILTER, only);
    }
    filter_replies(fd_, family_, id_);
}

void echo_socket::restart_keys() {
    set(fd_, SOL_SOCKET, SO_TIMESTAMPING, stamping & ~SOF_TIMESTAMPING_OPT_ID & ~SOF_TIMESTAMPING_OPT_TSONLY);
    set(fd_, SOL_SOCKET, SO_TIMESTAMPING, stamping);
}

void echo_socket::apply(const packet_options& options) {
    if (options == options_) {
        return;
    }
    // PROBE sets "don't fragment" and leaves it to the path to object, whatever it said before.
    const int discover = options.dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
    if (family_ == family::v4) {
        set(fd_, IPPROTO_IP, IP_TTL, static_cast<int>(options.ttl));
        set(fd_, IPPROTO_IP, IP_TOS, static_cast<int>(options.tos));
        set(fd_, IPPROTO_IP, IP_MTU_DISCOVER, discover);
    } else {
        set(fd_, IPPROTO_IPV6, IPV6_UNICAST_HOPS, static_cast<int>(options.ttl));
        set(fd_, IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(options.tos));
        set(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, discover);
        set(fd_, IPPROTO_IPV6, IPV6_DONTFRAG, options.dont_fragment ? 1 : 0);
    }
    options_ = options;
}

std::uint32_t echo_socket::overflows() {
    // SO_RXQ_OVFL tells it with the next packet only, which may never come.
    std::uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t length = sizeof(memory);
    if (::getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0 && length == sizeof(memory)) {
        overflows_ = memory[SK_MEMINFO_DROPS];
    }
    return overflows_;
}

} // namespace ferrule::icmp
