// SPDX-License-Identifier: Apache-2.0
// One UDP socket towards one endpoint: datagrams with the kernel's time stamps, and what the network says about them.
#pragma once

#include "common/sockets.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes {

/// What ICMP, or this machine in its place, says about a datagram that was sent.
struct icmp_report {
    int error = 0; ///< The errno it stands for.
    bool from_network = false;
    bool port_closed = false;
    bool prohibited = false; ///< A firewall says that it forbids it.
    std::string reporter;    ///< The address that says so; may be empty.
};

/// One answer.
struct datagram {
    std::string bytes;
    std::int64_t received_ns = 0; ///< Real time at which the kernel got it; 0 when it does not say.
};

/// Nanoseconds of the real-time clock, which the kernel stamps datagrams with.
std::int64_t real_time_ns();

/// A connected, non-blocking socket: only the endpoint's datagrams reach it.
class datagram_socket {
  public:
    /// Opens and connects. A failure is `local`.
    static outcome<datagram_socket> open(const endpoint& to, const route_settings& route);

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    /// 0, or the errno. One that reports on an earlier datagram leaves its report in the queue.
    [[nodiscard]] int send(std::string_view bytes) const;

    /// The next answer; nothing when there is none, with `error` set when the socket has an error instead.
    std::optional<datagram> receive(int& error) const;

    /// The next report; nothing when there is none.
    [[nodiscard]] std::optional<icmp_report> report() const;

  private:
    explicit datagram_socket(descriptor made)
        : socket_(std::move(made)) {}

    descriptor socket_;
};

} // namespace ferrule::probes
