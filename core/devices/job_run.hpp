// Runs the commands of one job on one session.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "devices/device_session.hpp"
#include "devices/job_entry.hpp"
#include "devices/node_parts.hpp"

namespace ferrule::devices {

/// How a run ended.
struct run_outcome {
    run_outcome();
    explicit run_outcome(error why, bool usable);

    std::optional<error> failed;
    /// The session may serve the next job.
    bool session_usable = true;
    /// Nothing has reached the device, so a read-only job may be tried on a fresh session.
    bool untouched = false;
};

/// Runs them in order until one fails (with stop_on_error), the deadline passes or the coroutine is cancelled. Results
/// and output go into the table as they come. Never throws for what devices or plugins do.
asio::awaitable<run_outcome> run_commands(node_parts& parts, entry_ptr entry, job_ptr asked, device_session& session,
                                          base::steady_time deadline);

} // namespace ferrule::devices
