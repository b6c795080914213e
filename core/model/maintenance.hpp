// When work on something is announced, so that nobody is called for it.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"

namespace ferrule::model {

/// Once, from `from` until just before `until`.
struct fixed_window {
    base::wall_time from{};
    base::wall_time until{};

    friend bool operator==(const fixed_window&, const fixed_window&) = default;
};

/// Every week on the given days, at most 7 days long. Local time is UTC plus a fixed offset: rules of summer time are
/// not followed.
struct weekly_window {
    std::array<bool, 7> days{}; ///< From Sunday, as std::chrono::weekday counts.
    std::chrono::minutes start{};
    std::chrono::minutes length{};
    std::chrono::minutes utc_offset{};

    friend bool operator==(const weekly_window&, const weekly_window&) = default;
};

struct maintenance_window {
    std::string name; ///< Why, for people.
    std::variant<fixed_window, weekly_window> when;

    friend bool operator==(const maintenance_window&, const maintenance_window&) = default;
};

/// `02:30` as minutes since midnight; none for anything else.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text);
/// `+08:00`, `-03:30` or `Z`.
std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text);
/// `sun` to `sat`, as std::chrono::weekday counts.
std::optional<unsigned> parse_day(std::string_view text);

std::string time_of_day_text(std::chrono::minutes since_midnight);
std::string utc_offset_text(std::chrono::minutes offset);
std::string_view day_text(unsigned day) noexcept;

} // namespace ferrule::model
