// Names and shapes of what commands send over the link.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "fleet/exec/ledger.hpp"

namespace ferrule::fleet::exec {

inline constexpr std::string_view feature = "exec/1";

// To the agent.
inline constexpr std::string_view command_kind = "command";
// To the controller, now or never.
inline constexpr std::string_view started_kind = "command.started";
inline constexpr std::string_view output_kind = "command.output";
// To the controller, kept until it is acknowledged.
inline constexpr std::string_view result_kind = "command.result";
inline constexpr std::string_view refusal_kind = "command.refusal";

/// The largest order that a controller makes; with what a message repeats of it, it fits the link.
inline constexpr std::size_t longest_order = std::size_t{512} * 1024;

/// The body of a result. `again`: it answers an order that was carried out before. Output is cut until it fits into a
/// delivery.
std::string result_body(task_end how, bool again, base::wall_time now);

} // namespace ferrule::fleet::exec
