// ferrule command run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/cli/api_client.hpp"

namespace ferrule::app::cli {

struct command_wish {
    std::vector<std::string> agents;
    std::string group;
    std::vector<std::string> labels; ///< `KEY=VALUE`
    bool all = false;
    bool shell = false;
    std::string user;
    std::string directory;
    std::vector<std::string> environment; ///< `NAME=VALUE`
    std::string timeout;
    std::string ttl;
    bool as_json = false;
    bool no_wait = false;
    std::vector<std::string> words;
};

/// Gives the command, prints what the hosts print as it comes, and sums up. The exit code is that of success only when
/// it succeeded on all of them.
int run_command(api_client& client, const command_wish& wanted);

/// Prints a command's stream until its end and sums up; for `command watch` too.
int watch_command(api_client& client, const std::string& id, bool as_json);

} // namespace ferrule::app::cli
