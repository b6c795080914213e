// ferrule exec on several devices at once.
#pragma once

#include "app/cli/api_client.hpp"
#include "app/cli/exec_request.hpp"

namespace ferrule::app::cli {

/// Submits a job for each device, shows how many are done on a terminal, prints the outputs in the order of the devices
/// and a summary. The exit code is that of success only when every job succeeded.
int exec_many(api_client& client, const exec_request& wanted);

} // namespace ferrule::app::cli
