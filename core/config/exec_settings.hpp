// Commands on the hosts of agents: what an agent allows, and how a controller gives them out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/types.hpp"

namespace ferrule::config {

/// One program that commands may run. An argument pattern is a PCRE2 expression that must match the whole argument.
struct exec_program_settings {
    std::string program;            ///< Absolute path.
    std::vector<std::string> args;  ///< One for each argument that must be there.
    std::string more_args;          ///< For all further arguments; none are allowed when it is empty.
    std::vector<std::string> users; ///< Instead of those that hold for all programs.
};

/// Commands on the agent's own host. Nothing here can be changed over the link.
struct exec_settings {
    bool enabled = false;
    std::vector<exec_program_settings> allow;
    bool shell = false;
    std::vector<std::string> users;       ///< As whom a command may ask to run.
    std::vector<std::string> environment; ///< Names that a command may set; `LC_*` stands for all that begin so.
    std::vector<std::string> directories; ///< Where a command may ask to run; these and all below.
    std::vector<std::string> keys;        ///< Public keys of controllers.
    base::duration max_timeout = std::chrono::hours(1);
    base::duration kill_grace = std::chrono::seconds(5);
    base::duration clock_skew = std::chrono::seconds(30);
    base::duration max_lifetime = std::chrono::hours(168);
    byte_size max_output = kibibytes(256); ///< Of each stream of one command.
    std::uint32_t max_running = 8;
    std::uint32_t max_queued = 1'000;
};

/// Commands on the hosts of agents, as the controller gives them out.
struct commands_settings {
    bool operators = false;         ///< Whether the role operator may run commands in argv form.
    std::filesystem::path key_file; ///< The loader sets it to `<data_dir>/command.key` when it is not given.
    base::duration default_ttl = std::chrono::minutes(10);
    base::duration max_ttl = std::chrono::hours(168);
    base::duration default_timeout = std::chrono::seconds(60);
    base::duration max_timeout = std::chrono::hours(1);
    base::duration answer_within = std::chrono::hours(24); ///< Of silence after the last possible moment.
    base::duration idempotency_window = std::chrono::hours(24);
    std::uint32_t max_targets = 10'000;
    std::uint32_t max_unfinished = 100'000;
    byte_size live_output = mebibytes(64); ///< Of all running commands together, for those who begin to watch.
};

} // namespace ferrule::config
