// Time as a dependency, so that everything with deadlines can be tested without waiting.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace ferrule::base {

using duration = std::chrono::nanoseconds;
/// Monotonic time: deadlines, elapsed times. The plugin ABI's now_ns is its count.
using steady_time = std::chrono::time_point<std::chrono::steady_clock, duration>;
/// Wall-clock time in milliseconds since the Unix epoch, UTC: what is stored and shown.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Gives both times. The system's own in production, a hand-moved one in tests. Thread-safe.
class clock {
  public:
    virtual ~clock() = default;
    [[nodiscard]] virtual steady_time steady_now() const = 0;
    [[nodiscard]] virtual wall_time wall_now() const = 0;
};

/// The system's clocks; lives as long as the process.
const clock& system_clock();

/// RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
std::string to_rfc3339(wall_time time);
/// Reads RFC 3339 with `Z` or an offset and an optional fraction; fails with `invalid_time`.
result<wall_time> parse_rfc3339(std::string_view text);

/// Reads a duration with its unit (`500ms`, `10s`, `5m`, `2h`, `7d`, also joined: `1h30m`); `0` needs none. Fails with
/// `invalid_duration` and a message that shows the accepted form.
result<duration> parse_duration(std::string_view text);
/// The shortest text that parse_duration reads back to the same value.
std::string to_text(duration value);

} // namespace ferrule::base
