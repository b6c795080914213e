// SPDX-License-Identifier: Apache-2.0
// Sending in batches.
#include "icmp/echo_socket.hpp"
#include "icmp/socket_address.hpp"

#include <cerrno>
#include <ctime>

namespace ferrule::icmp {

namespace {

stamp_ns read_clock(clockid_t which) noexcept {
    timespec now{};
    ::clock_gettime(which, &now);
    return static_cast<stamp_ns>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// The kernel hands the error of an earlier packet (an ICMP error that came in) to whoever calls next. So an error is
/// believed only when it stays; these need no proof.
bool is_plain(int error) noexcept {
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

constexpr int believe_after = 4;

} // namespace

departure read_clocks() noexcept {
    return {read_clock(CLOCK_REALTIME), read_clock(CLOCK_MONOTONIC)};
}

send_outcome echo_socket::send(std::span<const outgoing> packets, const packet_options& options) {
    apply(options);
    std::array<echo_head, message_batch::capacity> heads;
    std::array<socket_address, message_batch::capacity> names;
    std::array<std::array<iovec, 2>, message_batch::capacity> pieces;
    std::array<mmsghdr, message_batch::capacity> messages;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto& each = packets[i];
        heads[i] = make_request(family_, id_, each.sequence, each.mark, each.payload);
        names[i] = socket_address(each.to);
        pieces[i][0] = {heads[i].data(), heads[i].size()};
        // sendmmsg only reads from it.
        pieces[i][1] = {const_cast<std::uint8_t*>(filler().data()), each.payload - cookie_size};
        messages[i] = {};
        messages[i].msg_hdr.msg_name = names[i].get();
        messages[i].msg_hdr.msg_namelen = names[i].size();
        messages[i].msg_hdr.msg_iov = pieces[i].data();
        messages[i].msg_hdr.msg_iovlen = each.payload == cookie_size ? 1 : 2;
    }
    send_outcome outcome;
    for (int failures = 0; outcome.sent < packets.size();) {
        const int count = ::sendmmsg(fd_, messages.data() + outcome.sent,
                                     static_cast<unsigned>(packets.size() - outcome.sent), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            outcome.sent += static_cast<std::size_t>(count);
            outcome.disturbed = outcome.disturbed || outcome.sent < packets.size();
            failures = 0;
            continue;
        }
        outcome.disturbed = true;
        if (errno != EINTR && (is_plain(errno) || ++failures == believe_after)) {
            outcome.error = errno;
            break;
        }
    }
    return outcome;
}

} // namespace ferrule::icmp
