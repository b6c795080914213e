// SPDX-License-Identifier: Apache-2.0
// Text across the boundary: frl_str on the outside, std::string_view on the inside.
#pragma once

#include <ferrule/abi/abi.h>

#include <cstdint>
#include <string_view>

namespace ferrule::sdk {

/// The text as the C++ side reads it; borrowed for as long as the ABI says.
[[nodiscard]] constexpr std::string_view view(frl_str text) noexcept {
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}

/// The text as the C side takes it; borrowed from `text`.
[[nodiscard]] constexpr frl_str str(std::string_view text) noexcept {
    return frl_str{text.data(), text.size()};
}

/// An absolute time on the host's monotonic clock, in nanoseconds.
using time_ns = std::uint64_t;

/// The deadline of a wait that may last for ever.
inline constexpr time_ns never = UINT64_MAX;

} // namespace ferrule::sdk
