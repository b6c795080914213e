// How a run becomes a final state.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <optional>

#include "devices/job_run.hpp"
#include "devices/node_parts.hpp"

namespace ferrule::devices {

/// Before a change touches the device, its record says `running`, durably: after a crash nobody may repeat it. So does
/// that of a read-only job which a process before this one may have begun, so that one that ends the process each time
/// is given up. Other read-only jobs need no such note.
asio::awaitable<result<void>> note_running(node_parts& parts, job_ptr shown);

/// Why a job that was just started must end again: someone asked for it before there was anything to interrupt.
std::optional<error> must_not_begin(const node_parts& parts, const entry_ptr& entry);

/// What an outcome means: a run that was cut short on request is cancelled, one that ended before the request reached
/// it has succeeded or failed.
model::job_state final_state(const run_outcome& outcome);

/// Finishes a job that ran. One that was cut short because the process stops is left to the next start.
void end_job(node_parts& parts, const entry_ptr& entry, run_outcome outcome);
/// Finishes a claimed job that never ran.
void end_unstarted(node_parts& parts, const entry_ptr& entry, model::job_state state, error why);

} // namespace ferrule::devices
