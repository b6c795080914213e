// SPDX-License-Identifier: Apache-2.0
// known_hosts files as the instance sees them: read once, read again when they change, appended to when a new host is
// accepted.
#pragma once

#include "ssh/hostkey/known_hosts.hpp"

#include <ferrule/sdk/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace ferrule::ssh {

/// What a host shows.
struct shown_key {
    std::string host;
    std::uint16_t port = 22;
    std::string type; ///< such as `ssh-ed25519`
    std::string blob; ///< wire format
};

/// Thread-safe; everything but `fresh` reads or writes files and belongs on the blocking pool.
class host_key_store {
  public:
    /// The file as it was last read, when it has not changed since: one stat(2). Otherwise null.
    std::shared_ptr<const known_hosts> fresh(const std::string& path);

    /// Reads the file. One that does not exist is empty. Fails with `known_hosts_unreadable`.
    sdk::result<std::shared_ptr<const known_hosts>> load(const std::string& path);

    /// Remembers a key: looks again under a lock, so that two processes agree, and appends one line in one write, safe
    /// on disk when this returns. A key that was listed meanwhile is no error; another key for the same host is:
    /// `host_key_mismatch`. Fails with `known_hosts_unwritable`.
    sdk::result<void> remember(const std::string& path, const shown_key& key);

  private:
    struct stamp {
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::int64_t modified_s = 0;
        std::int64_t modified_ns = 0;

        friend bool operator==(const stamp&, const stamp&) = default;
    };

    struct cached {
        stamp when;
        std::shared_ptr<const known_hosts> content;
    };

    static stamp stamp_of(const std::string& path);

    std::mutex mutex_;
    std::map<std::string, cached> files_;
};

/// The error for a verdict that does not let the host in, or nothing for `known`. Names both fingerprints of a changed
/// key, file and line, and what to do.
sdk::error host_key_error(const host_key_verdict& verdict, const shown_key& key, const std::string& path);

} // namespace ferrule::ssh
