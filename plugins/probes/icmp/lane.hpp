// SPDX-License-Identifier: Apache-2.0
// One socket with everything that goes with it: its sequence numbers, its departures and who waits to send.
#pragma once

#include "icmp/departures.hpp"
#include "icmp/echo_socket.hpp"
#include "icmp/fd_watch.hpp"
#include "icmp/sequence_table.hpp"

#include <deque>
#include <memory>
#include <optional>

namespace ferrule::icmp {

struct lane {
    lane(std::unique_ptr<echo_socket> opened, std::optional<ip_address> bound_to)
        : socket(std::move(opened))
        , source(bound_to) {}

    std::unique_ptr<echo_socket> socket;
    std::optional<ip_address> source;
    sequence_table sequences{};
    departures departed{};
    std::deque<probe_handle> waiting{}; ///< Probes with a packet to be sent now, each once.
    std::unique_ptr<fd_watch> watch{};  ///< Goes before the socket.
    std::uint32_t overflows_told = 0;   ///< Of its overflows, those that are in the metric.
    bool full = false;                  ///< Until there is room in the send buffer.
    time_ns resting_until = 0;          ///< The device's queue was full.
    bool retired = false;               ///< Settings have changed; it serves those that have it.

    [[nodiscard]] bool may_send(time_ns now) const noexcept {
        return !waiting.empty() && !full && now >= resting_until;
    }
};

} // namespace ferrule::icmp
