// SPDX-License-Identifier: Apache-2.0
// Why this process got no ICMP socket, and exactly what to do about it.
#pragma once

#include "icmp/settings.hpp"

#include <ferrule/sdk/error.hpp>

namespace ferrule::icmp {

/// The error for a socket() that failed with `number`.
sdk::error socket_refused(family of, socket_kind wanted, int number);

} // namespace ferrule::icmp
