// SPDX-License-Identifier: Apache-2.0
// A TCP connection to a named host.
#pragma once

#include <ferrule/sdk/resolve.hpp>
#include <ferrule/sdk/strand.hpp>
#include <ferrule/sdk/task.hpp>

#include <cstdint>
#include <string>

namespace ferrule::ssh {

/// Resolves and connects, trying the addresses in turn with a short head start for each (RFC 8305), so that one dead
/// address costs a fraction of a second and not the whole time. Gives a non-blocking descriptor that the caller owns.
/// Fails with resolve_failed, connection_refused, host_unreachable, connect_timeout or cancelled. `where` is what
/// messages call the host.
sdk::task<sdk::result<int>> dial(sdk::strand& home, std::string host, std::uint16_t port, std::string where,
                                 sdk::time_ns deadline);

} // namespace ferrule::ssh
