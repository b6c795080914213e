// SPDX-License-Identifier: Apache-2.0
// Durations as configuration writes them: `500ms`, `10s`, `5m`, `1h`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ferrule::ssh {

/// Nanoseconds on the host's monotonic clock, or a span of them.
using nanoseconds = std::uint64_t;

inline constexpr nanoseconds millisecond = 1'000'000;
inline constexpr nanoseconds second = 1'000 * millisecond;

/// A whole number with a unit; nothing for anything else or for more than 30 days.
std::optional<nanoseconds> parse_duration(std::string_view text);

} // namespace ferrule::ssh
