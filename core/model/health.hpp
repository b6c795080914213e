// How something that is checked is.
#pragma once

#include <optional>
#include <string_view>

namespace ferrule::model {

/// One word for the outcome of a sample, the state of a check at one location, and what locations agree on. `pending`:
/// nothing is known yet. `unknown`: it could not be measured, or too few locations vote. `unreachable`: it fails, and
/// what it depends on is down. Values are stored by name.
enum class health { pending, ok, warning, critical, unknown, unreachable };

/// Nobody has to be called: ok, or nothing known yet.
[[nodiscard]] constexpr bool is_fine(health state) noexcept {
    return state == health::ok || state == health::pending;
}

/// It works, if badly.
[[nodiscard]] constexpr bool is_up(health state) noexcept {
    return state == health::ok || state == health::warning;
}

std::string_view to_text(health state) noexcept;
std::optional<health> health_from(std::string_view text) noexcept;

} // namespace ferrule::model
