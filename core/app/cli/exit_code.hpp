// What the process's exit code says.
#pragma once

namespace ferrule::app::cli {

/// Stable, so that scripts can rely on them.
enum exit_code : int {
    success = 0,
    failed = 1,        ///< The command ran and its answer is a failure: a job failed, a check found a fault.
    usage = 2,         ///< The arguments are wrong.
    config_fault = 3,  ///< The configuration file has problems.
    unreachable = 4,   ///< The server does not answer.
    refused = 5,       ///< The server does not allow it: no token, a wrong one, or not the role.
    interrupted = 130, ///< Ctrl-C.
};

} // namespace ferrule::app::cli
