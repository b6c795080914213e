// SPDX-License-Identifier: Apache-2.0
// Spans of time as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes {

inline constexpr std::uint64_t millisecond = 1'000'000; ///< In nanoseconds, as every span here.
inline constexpr std::uint64_t second = 1'000 * millisecond;

/// Nanoseconds of a text such as `500ms`, `10s` or `1m30s`; nothing for anything else or for more than 30 days.
std::optional<std::uint64_t> parse_duration(std::string_view text);

/// A span for a sentence: `250 ms`, `1.5 s`, `5 s`.
std::string duration_text(std::uint64_t nanoseconds);

} // namespace ferrule::probes
