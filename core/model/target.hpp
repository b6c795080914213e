// Where a device is and how to get in, before any secret is looked up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ferrule::model {

using labels = std::map<std::string, std::string>;

/// One reply to one prompt of a keyboard-interactive login or of a command; `pattern` is a PCRE2 expression, caseless.
struct prompt_reply {
    std::string pattern;
    base::secret reply;
};

/// A login: what secret_get hands to drivers. Everything secret is of the type that does not print. `version` counts
/// changes, so that a session opened with the old one is not reused and a hold-back after a failed login ends.
struct credential {
    std::string name;
    std::string username;
    base::secret password;
    base::secret private_key; ///< PEM text.
    base::secret passphrase;
    std::string agent_socket; ///< Path of an SSH agent's socket, instead of a key.
    base::secret enable_password;
    std::vector<prompt_reply> answers;
    std::uint64_t version = 0;
};

/// A host to go through on the way, with a credential of its own.
struct jump_host {
    std::string host;
    std::uint16_t port = 22;
    std::string credential; ///< Name.
    std::string options;    ///< JSON object text, or empty.

    friend bool operator==(const jump_host&, const jump_host&) = default;
};

/// Everything a driver needs to open a session, by reference to credentials. Equal targets may share a session.
struct target {
    std::string driver = "ssh";
    std::string platform; ///< Name; empty = the driver's own default.
    std::string host;
    std::uint16_t port = 22;
    std::string credential; ///< Name, empty for a driver that needs none.
    std::string options;    ///< JSON object text, or empty.
    std::vector<jump_host> jump;

    friend bool operator==(const target&, const target&) = default;
};

/// Which nodes may do something: those that are named (any when none is), are in the region (any when it is empty) and
/// carry all the labels.
struct node_selector {
    std::vector<std::string> names;
    std::string region;
    labels tags;

    [[nodiscard]] bool empty() const noexcept { return names.empty() && region.empty() && tags.empty(); }

    friend bool operator==(const node_selector&, const node_selector&) = default;
};

/// A device of the inventory.
struct device {
    std::string name;
    target at;
    labels tags;
    std::string origin = "api"; ///< `file` (from YAML, read-only by REST) or `api`.
    bool enabled = true;
    node_selector nodes; ///< Those that its jobs may run on.
    std::optional<base::duration>
        session_ttl; ///< How long an idle pinned session stays open, if not the configured time.
};

/// Who answers where: the key under which order is kept, `driver://host:port`. Two names of one host are two devices.
std::string device_key(const target& at);

} // namespace ferrule::model
