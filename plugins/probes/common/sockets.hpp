// SPDX-License-Identifier: Apache-2.0
// Making sockets, and telling this machine's troubles from the network's and the target's.
#pragma once

#include "common/descriptor.hpp"
#include "common/endpoint.hpp"
#include "common/fault.hpp"

#include <cstdint>
#include <string>

namespace ferrule::probes {

/// A non-blocking socket of the address's family, bound to our own `source` when there is one. A failure is `local`.
outcome<descriptor> open_socket(int type, const endpoint& to, const route_settings& route);

enum class connect_status : std::uint8_t { connected, in_progress };

/// Begins to connect. What the kernel refuses at once, such as a missing route or used-up ports, is a `local` fault; a
/// refusal or a time-out of the peer is one of the phase `connect`.
outcome<connect_status> begin_connect(int fd, const endpoint& to);

/// The outcome of a connect that was in progress.
maybe_fault finish_connect(int fd, const endpoint& to);

/// The fault for an error that the network or the peer caused: "192.0.2.1:80: connection refused".
fault peer_fault(int error, sdk::probe_phase phase, const std::string& peer);

/// True when the error says something about this machine alone: no descriptors, no buffers, no memory, a firewall rule.
bool is_local(int error) noexcept;

/// The fault for an error of this machine.
fault local_fault(int error, const std::string& what);

} // namespace ferrule::probes
