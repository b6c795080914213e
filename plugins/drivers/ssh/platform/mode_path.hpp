// SPDX-License-Identifier: Apache-2.0
// Which mode to go to next on the way to another.
#pragma once

#include "ssh/platform/platform.hpp"

namespace ferrule::ssh {

/// The first step of the shortest way, or npos when there is none.
std::size_t next_mode(const platform& rules, std::size_t from, std::size_t to);

} // namespace ferrule::ssh
