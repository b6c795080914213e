// SPDX-License-Identifier: Apache-2.0
// Logging in to an SSH server by every method that the credential allows.
#pragma once

#include "ssh/session/credential.hpp"
#include "ssh/session/link.hpp"
#include "ssh/session/target.hpp"

#include <ferrule/sdk/task.hpp>

#include <memory>

namespace ferrule::ssh {

/// Tries key, agent, keyboard-interactive and password, as far as the server allows them and the credential holds what
/// they need, and goes on where the server wants more than one. No password is offered twice, so that one wrong
/// password is one failed login. Fails with auth_failed, naming what the server allows and what was tried;
/// auth_timeout; session_lost; cancelled. `where` and `login` outlive the call.
sdk::task<sdk::result<void>> authenticate(sdk::strand& home, std::shared_ptr<link> on, const hop& where,
                                          const credential& login, sdk::time_ns deadline);

} // namespace ferrule::ssh
