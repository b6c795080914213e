// Whether work on a target is announced for a time.
#pragma once

#include <optional>
#include <span>

#include "model/maintenance.hpp"

namespace ferrule::probes {

/// Whether any of the windows covers the time; the first moment of a window belongs to it, the last does not.
bool in_maintenance(std::span<const model::maintenance_window> windows, base::wall_time at);

/// Whether a window will cover no time any more; those of a week never end.
bool is_over(const model::maintenance_window& window, base::wall_time now);

/// The next time after `at` at which a window begins or ends, to look at states again; none when there is none.
std::optional<base::wall_time> next_edge(std::span<const model::maintenance_window> windows, base::wall_time at);

} // namespace ferrule::probes
