// SPDX-License-Identifier: Apache-2.0
// What a login needs, in memory for as long as the login takes.
#pragma once

#include "ssh/platform/regex.hpp"

#include <ferrule/sdk/secret.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// A secret that does not print and is wiped; copies are made on purpose only.
using secret_text = sdk::secret_text;

/// One answer of keyboard-interactive: the first whose pattern fits the prompt is given.
struct challenge_answer {
    regex pattern;
    secret_text reply;
};

struct credential {
    std::string username;
    secret_text password{""};
    secret_text private_key{""};
    secret_text passphrase{""};
    secret_text certificate{""};
    secret_text enable{""};
    std::string agent; ///< socket path, or `env`
    std::vector<challenge_answer> answers;
    std::string identity; ///< hash over all of it: equal only for equal credentials

    /// From the JSON that secret_get hands out. Throws sdk::failure `invalid_credential` without quoting any value.
    static credential parse(std::string_view json);
};

} // namespace ferrule::ssh
