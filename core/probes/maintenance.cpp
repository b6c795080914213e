#include "probes/maintenance.hpp"

#include <algorithm>

namespace ferrule::probes {

namespace {

using base::wall_time;
using model::fixed_window;
using model::weekly_window;
using std::chrono::days;

struct span_of_time {
    wall_time from;
    wall_time until;
};

// Calls `each` with the occurrences that can reach `at` or lie in the week after it. A window that is longer than the
// time to its next occurrence overlaps itself, which does no harm.
template <class Each>
void occurrences(const model::maintenance_window& window, wall_time at, Each each) {
    if (const auto* fixed = std::get_if<fixed_window>(&window.when)) {
        each(span_of_time{fixed->from, fixed->until});
        return;
    }
    const auto& weekly = std::get<weekly_window>(window.when);
    const auto today = std::chrono::floor<days>(at + weekly.utc_offset);
    for (auto day = today - days(8); day <= today + days(8); day += days(1)) {
        const std::chrono::weekday name{std::chrono::sys_days(day)};
        if (!weekly.days.at(name.c_encoding()))
            continue;
        const wall_time from = day + weekly.start - weekly.utc_offset;
        each(span_of_time{from, from + weekly.length});
    }
}

} // namespace

bool in_maintenance(std::span<const model::maintenance_window> windows, wall_time at) {
    return std::any_of(windows.begin(), windows.end(), [at](const auto& window) {
        bool covered = false;
        occurrences(window, at, [&](span_of_time one) { covered = covered || (one.from <= at && at < one.until); });
        return covered;
    });
}

std::optional<wall_time> next_edge(std::span<const model::maintenance_window> windows, wall_time at) {
    std::optional<wall_time> next;
    const auto offer = [&](wall_time edge) {
        if (edge > at && (!next || edge < *next))
            next = edge;
    };
    for (const auto& window : windows)
        occurrences(window, at, [&](span_of_time one) {
            offer(one.from);
            offer(one.until);
        });
    return next;
}

bool is_over(const model::maintenance_window& window, base::wall_time now) {
    const auto* fixed = std::get_if<model::fixed_window>(&window.when);
    return fixed != nullptr && fixed->until <= now;
}

} // namespace ferrule::probes
