// SPDX-License-Identifier: Apache-2.0
#include "common/datagrams.hpp"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <linux/errqueue.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

namespace ferrule::probes {

namespace {

constexpr std::size_t most_bytes = 65536;

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t stamp_of(msghdr& message) {
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            timespec time{};
            std::memcpy(&time, CMSG_DATA(c), sizeof(time));
            return nanoseconds(time);
        }
    }
    return 0;
}

/// The machine that sent the ICMP message; its address follows the extended error (ip(7)).
std::string reporter_of(const cmsghdr* c, std::size_t offset) {
    sockaddr_storage raw{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto length = c->cmsg_len - CMSG_LEN(0);
    if (length <= offset) {
        return {};
    }
    std::memcpy(&raw, CMSG_DATA(c) + offset, std::min(length - offset, sizeof(raw)));
    if (raw.ss_family == AF_INET) {
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&raw)->sin_addr, text.data(), text.size());
    } else if (raw.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&raw)->sin6_addr, text.data(), text.size());
    }
    return text.data();
}

icmp_report read_report(const cmsghdr* c) {
    sock_extended_err about{};
    std::memcpy(&about, CMSG_DATA(c), sizeof(about));
    icmp_report out;
    out.error = static_cast<int>(about.ee_errno);
    out.from_network = about.ee_origin == SO_EE_ORIGIN_ICMP || about.ee_origin == SO_EE_ORIGIN_ICMP6;
    if (about.ee_origin == SO_EE_ORIGIN_ICMP && about.ee_type == ICMP_DEST_UNREACH) {
        out.port_closed = about.ee_code == ICMP_PORT_UNREACH;
        out.prohibited =
            about.ee_code == ICMP_PKT_FILTERED || about.ee_code == ICMP_NET_ANO || about.ee_code == ICMP_HOST_ANO;
    } else if (about.ee_origin == SO_EE_ORIGIN_ICMP6 && about.ee_type == ICMP6_DST_UNREACH) {
        out.port_closed = about.ee_code == ICMP6_DST_UNREACH_NOPORT;
        out.prohibited = about.ee_code == ICMP6_DST_UNREACH_ADMIN;
    }
    out.reporter = out.from_network ? reporter_of(c, sizeof(about)) : std::string();
    return out;
}

} // namespace

std::int64_t real_time_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now);
}

outcome<datagram_socket> datagram_socket::open(const endpoint& to, const route_settings& route) {
    auto opened = open_socket(SOCK_DGRAM, to, route);
    if (!opened) {
        return opened.why();
    }
    datagram_socket made(std::move(*opened));
    const int yes = 1;
    ::setsockopt(made.fd(), SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
    const bool v6 = to.address().is_v6();
    ::setsockopt(made.fd(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &yes, sizeof(yes));
    const auto connected = begin_connect(made.fd(), to);
    if (!connected) {
        return connected.why();
    }
    return made;
}

int datagram_socket::send(std::string_view bytes) const {
    while (::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::optional<datagram> datagram_socket::receive(int& error) const {
    thread_local std::vector<char> buffer(most_bytes);
    alignas(cmsghdr) std::array<char, 256> control{};
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(fd(), &message, 0);
    if (got < 0) {
        error = errno == EAGAIN || errno == EINTR ? 0 : errno;
        return std::nullopt;
    }
    error = 0;
    return datagram{std::string(buffer.data(), static_cast<std::size_t>(got)), stamp_of(message)};
}

std::optional<icmp_report> datagram_socket::report() const {
    std::array<char, 64> start{}; // of our own datagram, which is not looked at
    alignas(cmsghdr) std::array<char, 512> control{};
    iovec part{start.data(), start.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd(), &message, MSG_ERRQUEUE) < 0) {
        return std::nullopt;
    }
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            return read_report(c);
        }
    }
    return icmp_report{};
}

} // namespace ferrule::probes
