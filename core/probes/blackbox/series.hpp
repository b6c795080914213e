// What was measured, under the names that blackbox_exporter gives it.
#pragma once

#include <string>

#include "model/sample.hpp"
#include "probes/blackbox/module.hpp"

namespace ferrule::probes::blackbox {

/// Prometheus text with the series that blackbox_exporter 0.23 has for the same outcome, those that it fills with zeros
/// included. A sample with `failed` is a probe that failed before it began.
std::string series_text(const probe_module& of, const model::sample& found);

} // namespace ferrule::probes::blackbox
