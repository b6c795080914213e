// SPDX-License-Identifier: Apache-2.0
// The credential's private key as libssh takes it.
#pragma once

#include "ssh/session/credential.hpp"

#include <ferrule/sdk/task.hpp>

#include <libssh/libssh.h>

#include <memory>

namespace ferrule::ssh {

struct key_freed {
    void operator()(ssh_key key) const noexcept { ssh_key_free(key); }
};

using key_ptr = std::unique_ptr<ssh_key_struct, key_freed>;

/// Reads the PEM or OpenSSH text on the blocking pool, because a passphrase costs up to a tenth of a second of CPU.
/// Fails with invalid_credential, saying whether the passphrase is missing or wrong. `login` outlives the call.
sdk::task<sdk::result<key_ptr>> import_key(const credential& login);

} // namespace ferrule::ssh
