// SPDX-License-Identifier: Apache-2.0
// The JSON that operations complete with.
#pragma once

#include "ssh/reader/output.hpp"

#include <ferrule/sdk/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ferrule::ssh {

/// What came of one line of configuration. The command is masked.
struct config_line {
    std::string command;
    std::string output;
    std::optional<sdk::error> failed;
    bool skipped = false; ///< never sent
};

using config_log = std::vector<config_line>;

sdk::error rejected(const std::string& command, const std::string& refusal);
sdk::error ended_badly(const std::string& command, int exit_status);

/// {"exit_status"?, "failed"?}. A refusal by the device fails with command_rejected, an exit status other than 0 with
/// command_failed.
std::string command_reply(const std::string& command, int exit_status, const output& out);

/// {"failed": {...}} for a question that could not be answered.
std::string refused_reply(const sdk::error& why);

/// {"lines": [...]}.
std::string config_reply(const config_log& log);

/// The error that ended a block of configuration, with the lines so far in its details.
sdk::error broken_off(const sdk::error& why, const config_log& log);

} // namespace ferrule::ssh
