// SPDX-License-Identifier: Apache-2.0
// The result of a probe as JSON.
#pragma once

#include "icmp/probe_table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::icmp {

/// What a burst has come to. `lost_here`: of the unanswered packets, those whose replies this host may itself have
/// dropped for want of room; they are no loss of the network.
std::string report(const running_probe& probe, time_ns now, std::uint32_t lost_here);

/// Down before anything could be sent, since there is no address.
std::string report_no_address(const running_probe& probe, time_ns now, std::string_view reason);

} // namespace ferrule::icmp
