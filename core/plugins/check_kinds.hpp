// The contract tests of each kind. Internal to this floor.
#pragma once

#include <string>

#include "plugins/check_bench.hpp"
#include "plugins/check_report.hpp"

namespace ferrule::plugins {

void check_driver(check_bench& on, const std::string& name, check_report& report);
void check_probe(check_bench& on, const std::string& name, check_report& report);
void check_scheduler(check_bench& on, const std::string& name, check_report& report);
void check_store(check_bench& on, const std::string& name, check_report& report, const check_settings& wanted);

/// Ends what was begun as good, unless the host has a complaint.
void end_without_complaint(check_bench& on, check_report& report, const std::string& message);
/// Whether this error says that the plugin itself is at fault, not what it was asked for.
bool is_fault_of_plugin(const error& what);

} // namespace ferrule::plugins
