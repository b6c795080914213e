// The devices and credentials that configuration files name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "config/types.hpp"

namespace ferrule::config {

using labels = std::map<std::string, std::string>;

/// What to answer when a login or a command asks something; `pattern` is a PCRE2 regex, caseless and multiline.
struct prompt_answer {
    std::string pattern;
    base::secret reply;
};

/// How to log in somewhere. Devices and jump hosts refer to it by name. Empty members are not used.
struct credential_settings {
    std::string name;
    std::string username;
    base::secret password;
    base::secret private_key; ///< PEM or OpenSSH text; private_key_file ends up here as well.
    base::secret passphrase;
    std::string agent_socket; ///< Path of an SSH agent's socket.
    base::secret enable_password;
    std::vector<prompt_answer> answers;
};

/// One hop on the way to a device; the first is reached directly, the others through the one before.
struct jump_settings {
    std::string host;
    std::uint16_t port = 22;
    std::string credential;
    json_text options;
};

/// One device. Either `credential` names an entry of `credentials`, or username and password are given here; the loader
/// refuses both at once.
struct device_settings {
    std::string name;
    std::string host;
    std::uint16_t port = 22;
    std::string driver = "ssh";
    std::string platform;
    std::string credential;
    std::string username;
    base::secret password;
    json_text options;
    labels label;
    std::vector<jump_settings> jump;
    /// How long an idle pinned session stays open; 0 takes jobs.session_ttl.
    base::duration session_ttl{0};
    bool enabled = true;
};

struct inventory {
    std::vector<credential_settings> credentials;
    std::vector<device_settings> devices;
};

} // namespace ferrule::config
