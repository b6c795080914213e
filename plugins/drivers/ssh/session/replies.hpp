// SPDX-License-Identifier: Apache-2.0
// The JSON that operations complete with.
#pragma once

#include "ssh/reader/output.hpp"
#include "ssh/session/device_session.hpp"

#include <string>
#include <vector>

namespace ferrule::ssh {

/// {"exit_status"?, "failed"?, "warnings"?}. A refusal by the device fails with command_rejected, an exit status other
/// than 0 with command_failed.
std::string command_reply(const std::string& command, int exit_status, const output& out);

/// {"failed": {...}} for a question that could not be answered.
std::string refused_reply(const sdk::error& why);

/// {"lines": [...]}.
std::string config_reply(const std::vector<std::pair<std::string, line_outcome>>& lines);

} // namespace ferrule::ssh
