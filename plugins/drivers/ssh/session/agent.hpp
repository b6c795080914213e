// SPDX-License-Identifier: Apache-2.0
// Logging in with the keys of an SSH agent.
#pragma once

#include "ssh/session/link.hpp"

#include <ferrule/sdk/task.hpp>

#include <memory>
#include <string>

namespace ferrule::ssh {

/// libssh talks to an agent with blocking reads, so its calls run on the blocking pool while nothing else touches the
/// session; the agent's socket is ours, and is shut when the deadline comes, which ends them. `path` is the socket, or
/// `env` for SSH_AUTH_SOCK. Gives libssh's SSH_AUTH_* code; fails with agent_unreachable, `late` or cancelled.
sdk::task<sdk::result<int>> login_by_agent(sdk::strand& home, std::shared_ptr<link> on, std::string path,
                                           sdk::time_ns deadline, sdk::error late);

} // namespace ferrule::ssh
