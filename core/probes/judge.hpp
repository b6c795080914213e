// What a sample says about its target.
#pragma once

#include <string>

#include "model/check.hpp"
#include "model/health.hpp"
#include "model/sample.hpp"

namespace ferrule::probes {

/// A state and why, for people; the reason of an ok is empty.
struct verdict {
    model::health state = model::health::unknown;
    std::string reason;
};

/// Judges a sample by the check's thresholds: `unknown` when the probe could not be made, failed in the phase `local`
/// (which says nothing about the target) or did not give a metric that has limits, `critical` when it failed, and
/// otherwise the worst that a limit says.
verdict judge(const model::check& of, const model::sample& from);

} // namespace ferrule::probes
