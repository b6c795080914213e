// SPDX-License-Identifier: Apache-2.0
// Suggesting what somebody who made a slip may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ferrule::probes {

/// The known word that takes the fewest edits from `word`; empty when none is near enough to be meant.
std::string_view nearest(std::string_view word, std::span<const std::string> known);

} // namespace ferrule::probes
