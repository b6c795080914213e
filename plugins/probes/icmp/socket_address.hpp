// SPDX-License-Identifier: Apache-2.0
// Addresses as the socket calls take them.
#pragma once

#include "icmp/settings.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace ferrule::icmp {

/// A sockaddr that owns its bytes.
class socket_address {
  public:
    socket_address() = default;

    explicit socket_address(const ip_address& from) noexcept {
        if (from.of == family::v4) {
            any_.v4.sin_family = AF_INET;
            std::memcpy(&any_.v4.sin_addr, from.bytes.data(), sizeof(any_.v4.sin_addr));
            size_ = sizeof(any_.v4);
        } else {
            any_.v6 = {};
            any_.v6.sin6_family = AF_INET6;
            any_.v6.sin6_scope_id = from.scope;
            std::memcpy(&any_.v6.sin6_addr, from.bytes.data(), sizeof(any_.v6.sin6_addr));
            size_ = sizeof(any_.v6);
        }
    }

    [[nodiscard]] sockaddr* get() noexcept { return &any_.plain; }

    [[nodiscard]] socklen_t size() const noexcept { return size_; }

  private:
    union {
        sockaddr plain;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } any_{};

    socklen_t size_ = 0;
};

/// The address in a sockaddr that the kernel filled; all zero for one of another family. The scope is left out, since
/// the kernel tells it for every link-local address and a caller may not have.
inline ip_address address_of(const sockaddr* raw, family of) noexcept {
    ip_address made;
    made.of = of;
    if (of == family::v4 && raw->sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, raw, sizeof(v4));
        std::memcpy(made.bytes.data(), &v4.sin_addr, sizeof(v4.sin_addr));
    } else if (of == family::v6 && raw->sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, raw, sizeof(v6));
        std::memcpy(made.bytes.data(), &v6.sin6_addr, sizeof(v6.sin6_addr));
    }
    return made;
}

inline std::uint16_t port_of(const sockaddr_storage& name) noexcept {
    // The port lies at the same place in both.
    sockaddr_in v4;
    std::memcpy(&v4, &name, sizeof(v4));
    return ntohs(v4.sin_port);
}

} // namespace ferrule::icmp
