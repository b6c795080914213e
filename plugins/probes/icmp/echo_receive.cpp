// SPDX-License-Identifier: Apache-2.0
// Reading replies, ICMP errors and departures in batches.
#include "icmp/echo_socket.hpp"
#include "icmp/socket_address.hpp"

#include <linux/errqueue.h>

#include <cerrno>
#include <ctime>

namespace ferrule::icmp {

namespace {

template <class Value>
Value content(const cmsghdr& item) {
    Value value{};
    const auto size = item.cmsg_len - CMSG_LEN(0);
    std::memcpy(&value, CMSG_DATA(&item), std::min(size, sizeof(value)));
    return value;
}

stamp_ns nanoseconds(const timespec& at) noexcept {
    return static_cast<stamp_ns>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
}

bool is(const cmsghdr& item, int level, int type) noexcept {
    return item.cmsg_level == level && item.cmsg_type == type;
}

/// What the kernel says beside a message.
struct remarks {
    stamp_ns stamp = 0;
    int hop_limit = -1;
    std::optional<std::uint32_t> overflows;
    std::optional<sock_extended_err> error;
    ip_address reported_by;
};

remarks read_remarks(msghdr& head, family of) {
    remarks seen;
    for (auto* item = CMSG_FIRSTHDR(&head); item != nullptr; item = CMSG_NXTHDR(&head, item)) {
        if (is(*item, SOL_SOCKET, SCM_TIMESTAMPNS)) {
            seen.stamp = nanoseconds(content<timespec>(*item));
        } else if (is(*item, SOL_SOCKET, SCM_TIMESTAMPING)) {
            seen.stamp = nanoseconds(content<scm_timestamping>(*item).ts[0]);
        } else if (is(*item, SOL_SOCKET, SO_RXQ_OVFL)) {
            seen.overflows = content<std::uint32_t>(*item);
        } else if (is(*item, IPPROTO_IP, IP_TTL) || is(*item, IPPROTO_IPV6, IPV6_HOPLIMIT)) {
            seen.hop_limit = content<int>(*item);
        } else if (is(*item, IPPROTO_IP, IP_RECVERR) || is(*item, IPPROTO_IPV6, IPV6_RECVERR)) {
            struct told {
                sock_extended_err error;
                sockaddr_in6 offender; // as large as the larger one
            };

            const auto both = content<told>(*item);
            seen.error = both.error;
            seen.reported_by = address_of(reinterpret_cast<const sockaddr*>(&both.offender), of);
        }
    }
    return seen;
}

/// Whether the next call may find more: after a full batch, and after an error of an earlier packet, which the kernel
/// hands out once instead of what there is to read.
bool more_after(int count) noexcept {
    return count < 0 ? errno != EAGAIN : count == static_cast<int>(message_batch::capacity);
}

} // namespace

bool echo_socket::read_replies(message_batch& into, echo_sink& sink) {
    const int count = into.receive(fd_, 0);
    const bool more = more_after(count);
    const auto now = read_clocks();
    for (int i = 0; i < count; ++i) {
        read_reply_message(into, static_cast<std::size_t>(i), now.steady, sink);
    }
    return more;
}

void echo_socket::read_reply_message(message_batch& from, std::size_t at, stamp_ns steady, echo_sink& sink) {
    const auto seen = read_remarks(from.head(at), family_);
    overflows_ = seen.overflows.value_or(overflows_);
    const auto packet = read_reply(family_, from.bytes(at), raw_ && family_ == family::v4);
    if (packet && packet->id == id_) {
        const auto* name = reinterpret_cast<const sockaddr*>(&from.name(at));
        sink.on_reply({*packet, address_of(name, family_), {seen.stamp, steady}, seen.hop_limit});
    }
}

bool echo_socket::read_errors(message_batch& into, echo_sink& sink) {
    const int count = into.receive(fd_, MSG_ERRQUEUE);
    const bool more = count == static_cast<int>(message_batch::capacity);
    for (int i = 0; i < count; ++i) {
        read_error_message(into, static_cast<std::size_t>(i), sink);
    }
    return more;
}

void echo_socket::read_error_message(message_batch& from, std::size_t at, echo_sink& sink) {
    const auto seen = read_remarks(from.head(at), family_);
    if (!seen.error) {
        return;
    }
    const auto& error = *seen.error;
    if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
        sink.on_departure(error.ee_data, seen.stamp);
    } else if (error.ee_origin == SO_EE_ORIGIN_LOCAL) {
        refused_mtu_ = error.ee_errno == EMSGSIZE ? error.ee_info : refused_mtu_;
    } else if (const auto packet = read_quoted_request(family_, from.bytes(at)); packet && packet->id == id_) {
        const auto* name = reinterpret_cast<const sockaddr*>(&from.name(at));
        sink.on_error(
            {*packet, address_of(name, family_), error.ee_type, error.ee_code, error.ee_info, seen.reported_by});
    }
}

} // namespace ferrule::icmp
