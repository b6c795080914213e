// Whether a check's settings are those that its probe takes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"
#include "model/check_rules.hpp"

namespace ferrule::probes {

/// The JSON Schema of a probe's settings, empty when it carries none; `plugin_not_found` when there is no such probe.
using settings_schema = std::function<result<std::string>(const std::string& probe)>;

/// Holds settings (a JSON object as text, or empty) against a schema as text; `path` is where they stand. Secrets are
/// not quoted.
std::vector<model::check_fault> settings_faults(std::string_view settings, std::string_view schema,
                                                const std::string& path);
/// The settings of the check and of its targets; also that there is such a probe.
std::vector<model::check_fault> probe_faults(const model::check& of, const settings_schema& schemas);

/// Faults as `invalid_request`, as those of a body are told.
error to_error(const std::vector<model::check_fault>& faults);

} // namespace ferrule::probes
