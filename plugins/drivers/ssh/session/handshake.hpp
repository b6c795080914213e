// SPDX-License-Identifier: Apache-2.0
// From a connected descriptor to a logged-in SSH connection.
#pragma once

#include "ssh/session/credential.hpp"
#include "ssh/session/link.hpp"
#include "ssh/session/services.hpp"
#include "ssh/session/target.hpp"

#include <ferrule/sdk/task.hpp>

#include <memory>
#include <string>

namespace ferrule::ssh {

struct connect_times {
    sdk::time_ns connect = sdk::never; ///< until the key exchange is done
    nanoseconds auth = 20 * second;    ///< a span, which starts after that
};

/// Exchanges keys on `fd` (taken), checks the host key and logs in. `carrier` stays alive as long as the link. Fails
/// with kex_failed, host_key_unknown, host_key_mismatch, auth_failed, auth_timeout, connect_timeout, session_lost,
/// cancelled. `where` and `login` outlive the call.
sdk::task<sdk::result<std::shared_ptr<link>>> handshake(services& with, const hop& where, const credential& login,
                                                        int fd, std::shared_ptr<void> carrier, connect_times times);

/// Waits until something happened on the link; the error when that took too long or was cancelled.
sdk::task<sdk::result<void>> next_activity(link& on, sdk::time_ns deadline, sdk::error late);

} // namespace ferrule::ssh
