// SPDX-License-Identifier: Apache-2.0
// What `exec` is asked to do.
#pragma once

#include "ssh/platform/platform.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

struct exec_request {
    std::optional<std::string> command;
    std::vector<std::string> config;
    std::vector<question> prompts;
    nanoseconds idle = 30 * second;
    bool stop_on_error = true;
    bool raw = false;
    std::optional<std::string> mode;

    /// Throws sdk::failure `invalid_request`, naming the setting.
    static exec_request parse(std::string_view json);
};

} // namespace ferrule::ssh
