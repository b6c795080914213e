// Whether what a check depends on is up.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/check.hpp"
#include "model/health.hpp"

namespace ferrule::probes {

/// The settled state of a check's target, or that it is unreachable; pending when nothing is known of it.
using state_lookup = std::function<model::health(const std::string& check, const std::string& target)>;
/// The names of a check's targets; empty for a check that does not exist or is not enabled.
using target_lookup = std::function<std::vector<std::string>(const std::string& check)>;

/// False when a parent is down: when it is critical or itself unreachable. A parent without a target is down when all
/// its targets are. Soft states, unknown ones and parents that are gone explain nothing, so they hide no problem.
bool is_reachable(std::span<const model::dependency> parents, const state_lookup& state, const target_lookup& targets);

} // namespace ferrule::probes
