// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/duration.hpp"

#include <charconv>

namespace ferrule::ssh {

std::optional<nanoseconds> parse_duration(std::string_view text) {
    constexpr nanoseconds longest = 30ull * 24 * 3600 * second;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const nanoseconds scale = unit == "ms"  ? millisecond
                              : unit == "s" ? second
                              : unit == "m" ? 60 * second
                              : unit == "h" ? 3600 * second
                                            : 0;
    if (scale == 0 || number > longest / scale) {
        return std::nullopt;
    }
    return number * scale;
}

} // namespace ferrule::ssh
