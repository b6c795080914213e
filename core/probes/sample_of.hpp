// What a probe plugin said, as a sample.
#pragma once

#include <string>

#include "base/error.hpp"
#include "model/sample.hpp"

namespace ferrule::probes {

/// Adds what the plugin completed with to a sample that knows where and when it was measured. What is no result of the
/// form that plugins promise is the plugin's failure, not the target's.
model::sample sample_of(model::sample measured, const result<std::string>& outcome);

} // namespace ferrule::probes
