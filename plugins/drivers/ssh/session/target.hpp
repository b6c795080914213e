// SPDX-License-Identifier: Apache-2.0
// Where a session goes and how it behaves, read from what the host hands to `open`.
#pragma once

#include "ssh/platform/platform.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// What to do with a host key that is not in known_hosts.
enum class host_key_policy : std::uint8_t {
    strict,     ///< refuse it
    accept_new, ///< remember it; a changed key is refused all the same
    insecure,   ///< look at nothing
};

/// Algorithm lists as libssh takes them: `+name` adds to its defaults, otherwise the list replaces them; empty: its
/// defaults.
struct algorithms {
    std::string kex;
    std::string host_key;
    std::string ciphers;
    std::string macs;
    std::string public_key;
};

/// Settings of one SSH connection, the device's or a jump host's.
struct hop_options {
    host_key_policy policy = host_key_policy::strict;
    std::string known_hosts;            ///< path; empty: the plugin's
    std::vector<std::string> host_keys; ///< `SHA256:…` fingerprints that alone are trusted, instead of known_hosts
    algorithms algos;
    std::string agent; ///< socket path, or `env`; empty: as the credential says
};

struct hop {
    std::string host;
    std::uint16_t port = 22;
    std::string credential; ///< reference for secret_get
    hop_options options;

    /// `host:port`, or `[host]:port` for an IPv6 address; for messages.
    [[nodiscard]] std::string name() const;
};

/// Everything `open` needs.
struct target {
    std::vector<hop> hops;     ///< jump hosts in order, the device last
    std::string platform_json; ///< empty: the generic one
    nanoseconds connect_timeout = 10 * second;
    nanoseconds auth_timeout = 20 * second;
    nanoseconds keepalive = 30 * second; ///< SSH layer; 0: none
    std::optional<std::uint16_t> width;
    std::optional<std::uint16_t> height;
    std::optional<std::string> terminal;
    std::optional<std::string> prompt; ///< replaces the platform's pattern
    std::optional<std::string> mode;   ///< the mode to run commands in
    bool redact = true;                ///< apply the platform's patterns to output

    [[nodiscard]] const hop& device() const noexcept { return hops.back(); }

    /// Throws sdk::failure `invalid_target`, naming the setting. `defaults` hold where the target says nothing.
    static target parse(std::string_view json, const hop_options& defaults);
};

/// Reads host-key policy, known_hosts path, algorithms and agent from `object`; unknown keys are left for the caller.
class json_reader;
hop_options read_hop_options(json_reader& in, const hop_options& defaults);

} // namespace ferrule::ssh
