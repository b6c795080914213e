// Commands as requests, as clients see them, as they are stored, and as they cross the link.
#pragma once

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/command.hpp"

namespace ferrule::model {

/// A request's body. Every fault is told at once, as `invalid_request`. A timeout of zero means that none was given.
result<command_request> command_request_from_json(const base::json& body);

/// The process alone: `args` of an envelope. A member that is not known is a fault: what it asked for would be left
/// out silently.
base::json to_json(const command_spec& what);
result<command_spec> command_spec_from_json(const base::json& args);

base::json to_json(const command_targets& on);

/// As clients see it.
base::json to_json(const fleet_command& shown);
base::json to_json(const command_task& shown, bool with_output = true);

/// As the store keeps it.
base::json to_record(const fleet_command& kept);
base::json to_record(const command_task& kept);
result<fleet_command> command_from_record(const base::json& record);
result<command_task> task_from_record(const base::json& record);

/// A result as the link carries it: `exit_code`, `stdout`, `stderr` and what belongs to them.
base::json to_json(const task_result& shown, bool with_output = true);
task_result task_result_from_json(const base::json& from);

} // namespace ferrule::model
