// How the client finds its server.
#pragma once

#include "app/cli/api_client.hpp"

namespace ferrule::app::cli {

/// Whether an address stays on this machine: loopback or a Unix socket.
bool is_of_this_machine(const std::string& url);

/// Fills what was not given from the environment, the client's file and a daemon on this machine.
result<server_choice> complete_choice(server_choice given);

} // namespace ferrule::app::cli
