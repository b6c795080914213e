// SPDX-License-Identifier: Apache-2.0
// Room for one batch of received messages, shared by all sockets of an instance.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <netinet/in.h>

namespace ferrule::icmp {

/// Buffers for recvmmsg. Only the start of a packet is of interest, so that a batch is small whatever the packets'
/// size.
class message_batch {
  public:
    static constexpr std::size_t capacity = 64;

    message_batch() {
        for (std::size_t i = 0; i < capacity; ++i) {
            pieces_[i] = {bytes_[i].data(), bytes_[i].size()};
        }
    }

    message_batch(const message_batch&) = delete;
    message_batch& operator=(const message_batch&) = delete;

    /// Receives into all; the count, or -1 with errno.
    int receive(int fd, int flags) {
        for (std::size_t i = 0; i < capacity; ++i) {
            auto& head = messages_[i].msg_hdr;
            head = {};
            head.msg_name = &names_[i];
            head.msg_namelen = sizeof(names_[i]);
            head.msg_iov = &pieces_[i];
            head.msg_iovlen = 1;
            head.msg_control = control_[i].bytes.data();
            head.msg_controllen = control_[i].bytes.size();
        }
        return ::recvmmsg(fd, messages_.data(), capacity, flags | MSG_DONTWAIT, nullptr);
    }

    [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t at) const {
        return {bytes_[at].data(), std::min<std::size_t>(messages_[at].msg_len, bytes_[at].size())};
    }

    [[nodiscard]] const sockaddr_storage& name(std::size_t at) const { return names_[at]; }

    [[nodiscard]] msghdr& head(std::size_t at) { return messages_[at].msg_hdr; }

  private:
    // The longest IPv4 header, the ICMP header and the cookie; errors quote no more of interest.
    static constexpr std::size_t room = 128;

    struct alignas(cmsghdr) control_space {
        std::array<std::uint8_t, 384> bytes;
    };

    std::array<mmsghdr, capacity> messages_{};
    std::array<iovec, capacity> pieces_{};
    std::array<sockaddr_storage, capacity> names_{};
    std::array<std::array<std::uint8_t, room>, capacity> bytes_{};
    std::array<control_space, capacity> control_{};
};

} // namespace ferrule::icmp
