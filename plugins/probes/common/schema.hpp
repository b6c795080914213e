// SPDX-License-Identifier: Apache-2.0
// Putting the JSON schemas of probes together from shared pieces while compiling.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ferrule::probes {

/// A text of a fixed length that can be part of a constant.
template <std::size_t Size>
struct fixed_text {
    std::array<char, Size> chars{};

    constexpr operator std::string_view() const noexcept { return {chars.data(), Size}; }
};

/// The frame, in which each `@` of `frame` is replaced by the next part. There must be as many parts as places.
template <std::size_t Frame, std::size_t... Parts>
consteval auto fill_schema(const char (&frame)[Frame], const char (&... parts)[Parts]) {
    fixed_text<Frame - 1 + (... + (Parts - 1)) - sizeof...(Parts)> made;
    const std::array<std::string_view, sizeof...(Parts)> all{std::string_view(parts, Parts - 1)...};
    std::size_t size = 0;
    std::size_t next = 0;
    for (const char c : std::string_view(frame, Frame - 1)) {
        if (c == '@') {
            for (const char p : all[next]) {
                made.chars[size++] = p;
            }
            ++next;
        } else {
            made.chars[size++] = c;
        }
    }
    return made;
}

} // namespace ferrule::probes
