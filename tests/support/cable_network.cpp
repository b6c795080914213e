#include "support/cable_network.hpp"

#include "support/not_run.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace ferrule::tests {

namespace {

using bytes = std::vector<std::uint8_t>;

struct in6_request {
    in6_addr address;
    std::uint32_t prefix;
    int index;
};

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path);
    out << text << std::flush;
    return out.good();
}

bool enter_namespace() {
    if (::unshare(CLONE_NEWNET) == 0) {
        return true;
    }
    const auto uid = std::to_string(::geteuid());
    const auto gid = std::to_string(::getegid());
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", "0 " + uid + " 1") && write_file("/proc/self/gid_map", "0 " + gid + " 1");
}

ifreq named(const char* name) {
    ifreq made{};
    std::strncpy(made.ifr_name, name, IFNAMSIZ - 1);
    return made;
}

bool bring_up(int on, const char* name) {
    auto asked = named(name);
    asked.ifr_flags = IFF_UP | IFF_RUNNING;
    return ::ioctl(on, SIOCSIFFLAGS, &asked) == 0;
}

bool set_address(int on, unsigned long what, const char* name, const char* address) {
    auto asked = named(name);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &v4.sin_addr);
    std::memcpy(&asked.ifr_addr, &v4, sizeof(v4));
    return ::ioctl(on, what, &asked) == 0;
}

std::uint32_t sum_of(const bytes& packet, std::size_t from) {
    std::uint32_t sum = 0;
    for (std::size_t i = from; i < packet.size(); ++i) {
        sum += (i - from) % 2 == 0 ? static_cast<std::uint32_t>(packet[i]) << 8 : packet[i];
    }
    return sum;
}

void put_sum(bytes& packet, std::size_t at, std::uint32_t sum) {
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    packet[at] = static_cast<std::uint8_t>(~sum >> 8);
    packet[at + 1] = static_cast<std::uint8_t>(~sum);
}

/// The thread stays on the processor it is on: what it writes to a cable then arrives in that order.
void stay_on_this_processor() {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &only);
    ::sched_setaffinity(0, sizeof(only), &only);
}

/// A UDP socket of the near end that waits for datagrams.
int open_marker(std::uint16_t& port) {
    const int made = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    ::inet_pton(AF_INET, network::here4, &name.sin_addr);
    socklen_t size = sizeof(name);
    if (::bind(made, reinterpret_cast<sockaddr*>(&name), size) != 0 ||
        ::getsockname(made, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
        ::close(made);
        return -1;
    }
    port = ntohs(name.sin_port);
    return made;
}

/// An IPv6 address counts only once the kernel's own queue has come to it, however short the way there is: until then
/// packets to it are dropped. True once one arrives.
bool address_is_up(int cable) {
    const int receiver = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    socklen_t size = sizeof(name);
    bool arrived = false;
    if (::bind(receiver, reinterpret_cast<sockaddr*>(&name), size) == 0 &&
        ::getsockname(receiver, reinterpret_cast<sockaddr*>(&name), &size) == 0) {
        const auto port = ntohs(name.sin6_port);
        bytes packet(48);
        packet[0] = 0x60;
        packet[5] = 8;
        packet[6] = IPPROTO_UDP;
        packet[7] = 62;
        ::inet_pton(AF_INET6, network::router6, &packet[8]);
        ::inet_pton(AF_INET6, network::here6, &packet[24]);
        packet[41] = 9;
        packet[42] = static_cast<std::uint8_t>(port >> 8);
        packet[43] = static_cast<std::uint8_t>(port);
        packet[45] = 8;
        put_sum(packet, 46,
                sum_of(packet, 40) + 8 + IPPROTO_UDP + sum_of(bytes(packet.begin() + 8, packet.begin() + 40), 0));
        for (int tries = 0; tries < 6'000 && !arrived; ++tries) {
            pollfd waiting{receiver, POLLIN, 0};
            arrived = ::write(cable, packet.data(), packet.size()) > 0 && ::poll(&waiting, 1, 10) == 1;
        }
    }
    ::close(receiver);
    return arrived;
}

/// IP header for `size` bytes of ICMP from a router to the sender of a packet.
bytes header_to_sender(const request& of, std::size_t size) {
    bytes made(of.version == 4 ? 20 : 40);
    const auto whole = of.version == 4 ? made.size() + size : size;
    if (of.version == 4) {
        made[0] = 0x45;
        made[2] = static_cast<std::uint8_t>(whole >> 8);
        made[3] = static_cast<std::uint8_t>(whole);
        made[8] = 62;
        made[9] = IPPROTO_ICMP;
        ::inet_pton(AF_INET, network::router4, &made[12]);
        std::copy_n(&of.packet[12], 4, &made[16]);
    } else {
        made[0] = 0x60;
        made[4] = static_cast<std::uint8_t>(whole >> 8);
        made[5] = static_cast<std::uint8_t>(whole);
        made[6] = IPPROTO_ICMPV6;
        made[7] = 62;
        ::inet_pton(AF_INET6, network::router6, &made[8]);
        std::copy_n(&of.packet[8], 16, &made[24]);
    }
    return made;
}

} // namespace

network::network(const std::string& groups) {
    if (!set_up(groups)) {
        why_not_ = std::string("no network of its own can be made here: ") + std::strerror(errno);
        ::close(cable_);
        cable_ = -1;
    }
}

network::~network() {
    ::close(marker_);
    ::close(cable_);
}

bool network::set_up(const std::string& groups) {
    if (!enter_namespace() || !write_file("/proc/sys/net/ipv4/ping_group_range", groups)) {
        return false;
    }
    cable_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    auto asked = named("cable");
    asked.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (cable_ < 0 || ::ioctl(cable_, TUNSETIFF, &asked) != 0) {
        return false;
    }
    const int v4 = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int v6 = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    auto queue = named("cable");
    queue.ifr_qlen = 10'000;
    bool good = bring_up(v4, "lo") && ::ioctl(v4, SIOCSIFTXQLEN, &queue) == 0 &&
                set_address(v4, SIOCSIFADDR, "cable", here4) &&
                set_address(v4, SIOCSIFNETMASK, "cable", "255.255.255.0") && bring_up(v4, "cable");
    if (good && v6 >= 0) {
        in6_request address{};
        ::inet_pton(AF_INET6, here6, &address.address);
        address.prefix = 64;
        address.index = static_cast<int>(::if_nametoindex("cable"));
        good = ::ioctl(v6, SIOCSIFADDR, &address) == 0 && address_is_up(cable_);
    }
    ::close(v4);
    ::close(v6);
    stay_on_this_processor();
    marker_ = good ? open_marker(marker_port_) : -1;
    return marker_ >= 0;
}

std::optional<request> network::read_one() {
    request seen;
    seen.packet.resize(65536);
    const auto size = ::read(cable_, seen.packet.data(), seen.packet.size());
    if (size <= 0) {
        return std::nullopt;
    }
    seen.packet.resize(static_cast<std::size_t>(size));
    seen.version = seen.packet[0] >> 4;
    seen.header = seen.version == 4 ? (seen.packet[0] & 15U) * 4U : 40;
    return seen;
}

std::optional<request> network::next() {
    while (true) {
        auto seen = read_one();
        if (!seen) {
            return std::nullopt;
        }
        const auto protocol = seen->packet[seen->version == 4 ? 9 : 6];
        const auto type = seen->packet[seen->header];
        if ((protocol == IPPROTO_ICMP && type == 8) || (protocol == IPPROTO_ICMPV6 && type == 128)) {
            return seen; // all else is the kernel's own chatter
        }
    }
}

std::optional<request> network::next_datagram(std::uint16_t port) {
    while (true) {
        auto seen = read_one();
        if (!seen) {
            return std::nullopt;
        }
        const auto protocol = seen->packet[seen->version == 4 ? 9 : 6];
        const auto to = seen->packet[seen->header + 2] << 8 | seen->packet[seen->header + 3];
        if (protocol == IPPROTO_UDP && to == port) {
            return seen;
        }
    }
}

std::vector<request> network::all() {
    std::vector<request> seen;
    for (auto each = next(); each; each = next()) {
        seen.push_back(std::move(*each));
    }
    return seen;
}

std::vector<std::uint8_t> network::reply_to(const request& to, int hop_limit) {
    auto packet = to.packet;
    const std::size_t from = to.version == 4 ? 12 : 8;
    const std::size_t size = to.version == 4 ? 4 : 16;
    const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(from);
    std::swap_ranges(begin, begin + static_cast<std::ptrdiff_t>(size), begin + static_cast<std::ptrdiff_t>(size));
    packet[to.version == 4 ? 8 : 7] = static_cast<std::uint8_t>(hop_limit);
    packet[to.header] = to.version == 4 ? 0 : 129;
    return packet;
}

void network::answer(const request& to, int hop_limit) {
    write(reply_to(to, hop_limit), to.version, to.header);
}

void network::refuse(const request& what, int type, int code, std::uint32_t rest, std::size_t quoted) {
    bytes message{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8) {
        message.push_back(static_cast<std::uint8_t>(rest >> shift));
    }
    const auto end = std::min(what.packet.size(), what.header + quoted);
    message.insert(message.end(), what.packet.begin(), what.packet.begin() + static_cast<std::ptrdiff_t>(end));
    auto packet = header_to_sender(what, message.size());
    const auto header = packet.size();
    packet.insert(packet.end(), message.begin(), message.end());
    write(std::move(packet), what.version, header);
}

void network::write(std::vector<std::uint8_t> packet, int version, std::size_t header) {
    packet[header + 2] = packet[header + 3] = 0;
    if (version == 4) {
        put_sum(packet, header + 2, sum_of(packet, header));
        packet[10] = packet[11] = 0;
        put_sum(packet, 10, sum_of(bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header)), 0));
    } else {
        // RFC 8200, 8.1: addresses, length and next header count too.
        auto sum = sum_of(packet, header) + static_cast<std::uint32_t>(packet.size() - header) + IPPROTO_ICMPV6;
        sum += sum_of(bytes(packet.begin() + 8, packet.begin() + 40), 0);
        put_sum(packet, header + 2, sum);
    }
    if (::write(cable_, packet.data(), packet.size()) != static_cast<ssize_t>(packet.size())) {
        throw std::runtime_error(std::string("the cable takes no packet: ") + std::strerror(errno));
    }
    await_arrival();
}

void network::await_arrival() const {
    // A busy kernel delivers later than it takes. What is behind the packet cannot arrive before it.
    bytes packet{0x45, 0, 0, 28, 0, 0, 0, 0, 62, IPPROTO_UDP, 0, 0};
    packet.resize(28);
    ::inet_pton(AF_INET, router4, &packet[12]);
    ::inet_pton(AF_INET, here4, &packet[16]);
    put_sum(packet, 10, sum_of(bytes(packet.begin(), packet.begin() + 20), 0));
    packet[21] = 9;
    packet[22] = static_cast<std::uint8_t>(marker_port_ >> 8);
    packet[23] = static_cast<std::uint8_t>(marker_port_);
    packet[25] = 8; // no checksum, as IPv4 allows
    pollfd waiting{marker_, POLLIN, 0};
    char byte = 0;
    if (::write(cable_, packet.data(), packet.size()) != static_cast<ssize_t>(packet.size()) ||
        ::poll(&waiting, 1, 60'000) != 1 || ::recv(marker_, &byte, 1, 0) < 0) {
        throw std::runtime_error("what was written to the cable does not arrive");
    }
}

bool can_play(const network& on) {
    if (!on.usable()) {
        test::not_run(on.why_not());
    }
    return on.usable();
}

} // namespace ferrule::tests
