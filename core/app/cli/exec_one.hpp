// ferrule exec on one device.
#pragma once

#include "app/cli/api_client.hpp"
#include "app/cli/exec_request.hpp"

namespace ferrule::app::cli {

/// Submits the job and prints its output while the device sends it. With several commands each is headed by its text on
/// stderr. Returns the exit code.
int exec_one(api_client& client, const exec_request& wanted);

/// Prints a job's stream until its end; for `job watch` too. `headings` are printed above the output of each command,
/// when they are given; with `headed` every command gets one.
int print_stream(api_client& client, const std::string& id, std::vector<std::string> headings, bool headed);

} // namespace ferrule::app::cli
