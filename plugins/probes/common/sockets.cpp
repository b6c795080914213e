// SPDX-License-Identifier: Apache-2.0
#include "common/sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

namespace ferrule::probes {

namespace {

std::string words_of(int error) {
    return std::generic_category().message(error);
}

std::string_view local_remedy(int error) {
    switch (error) {
    case EMFILE:
        return "this process has no free file descriptors; raise its limit (LimitNOFILE)";
    case ENFILE:
        return "this machine has no free file descriptors; raise fs.file-max";
    case ENOBUFS:
    case ENOMEM:
        return "this machine has no memory for sockets; measure less at once";
    case EPERM:
    case EACCES:
        return "this machine does not permit it; look at its firewall and routes";
    case EADDRNOTAVAIL:
    case EAGAIN:
        return "no own port is free for this target; measure less often or widen net.ipv4.ip_local_port_range";
    case EAFNOSUPPORT:
        return "this machine does not support the address's family";
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EINVAL:
        return "this machine has no route to it";
    case ENETDOWN:
        return "the interface towards it is down";
    default:
        return {};
    }
}

bool other_family_may_do(int error) noexcept {
    return error == ENETUNREACH || error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

maybe_fault bind_source(int fd, const sdk::address& source, bool is_stream) {
    if (is_stream) { // the port is chosen at connect, so that it is taken for one target only
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
    }
    sockaddr_storage raw{};
    const auto size = source.to_sockaddr(0, raw);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&raw), size) == 0) {
        return std::nullopt;
    }
    const int code = errno;
    if (code == EADDRNOTAVAIL) {
        return fault(sdk::probe_phase::local,
                     "The source address " + source.text() + " is none of this machine; correct 'source'.");
    }
    return local_fault(code, "The source address " + source.text() + " cannot be used");
}

} // namespace

outcome<descriptor> open_socket(int type, const endpoint& to, const route_settings& route) {
    descriptor made(::socket(to.address().family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made) {
        const int code = errno;
        auto why = local_fault(code, "No socket for " + to.text());
        return other_family_may_do(code) ? std::move(why).with_unusable_family() : std::move(why);
    }
    if (route.source) {
        if (auto failed = bind_source(made.get(), *route.source, type == SOCK_STREAM)) {
            return std::move(*failed);
        }
    }
    return made;
}

outcome<connect_status> begin_connect(int fd, const endpoint& to) {
    sockaddr_storage raw{};
    const auto size = to.address().to_sockaddr(to.port(), raw);
    int code = 0;
    do {
        code = ::connect(fd, reinterpret_cast<const sockaddr*>(&raw), size) == 0 ? 0 : errno;
    } while (code == EINTR);
    switch (code) {
    case 0:
        return connect_status::connected;
    case EINPROGRESS:
        return connect_status::in_progress;
    case ECONNREFUSED: // on the same machine the answer comes within the call
    case ECONNRESET:
    case ETIMEDOUT:
        return peer_fault(code, sdk::probe_phase::connect, to.text());
    default:
        auto why = local_fault(code, "No connection to " + to.text() + " was tried");
        return other_family_may_do(code) ? std::move(why).with_unusable_family() : std::move(why);
    }
}

maybe_fault finish_connect(int fd, const endpoint& to) {
    int code = 0;
    socklen_t size = sizeof(code);
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
        code = errno;
    }
    if (code == 0) {
        return std::nullopt;
    }
    return peer_fault(code, sdk::probe_phase::connect, to.text());
}

fault peer_fault(int error, sdk::probe_phase phase, const std::string& peer) {
    if (is_local(error)) {
        return local_fault(error, "Nothing more could be exchanged with " + peer);
    }
    switch (error) {
    case ECONNREFUSED:
        return {phase, peer + ": connection refused; the machine is there, but nothing listens on this port."};
    case EHOSTUNREACH:
        return {phase,
                peer + ": host unreachable, says the network (no answer to ARP or neighbour discovery, or ICMP)."};
    case ENETUNREACH:
        return {phase, peer + ": network unreachable, says a router on the way."};
    case EACCES:
        return {phase, peer + ": a firewall on the way forbids it (ICMP)."};
    case ETIMEDOUT:
        return {phase, peer + ": timed out; no answer from the peer."};
    case ECONNRESET:
        return {phase, peer + ": the peer reset the connection."};
    case EPIPE:
        return {phase, peer + ": the peer closed the connection."};
    default:
        return {phase, peer + ": " + words_of(error) + "."};
    }
}

bool is_local(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EPERM ||
           error == ENETDOWN;
}

fault local_fault(int error, const std::string& what) {
    const auto remedy = local_remedy(error);
    const auto why = words_of(error);
    return {sdk::probe_phase::local, what + ": " + why + (remedy.empty() ? "." : " (" + std::string(remedy) + ").")};
}

} // namespace ferrule::probes
