// SPDX-License-Identifier: Apache-2.0
// Telling a device's echo of what was typed from its answer.
#pragma once

#include "ssh/platform/platform.hpp"

#include <string_view>

namespace ferrule::ssh {

/// True when `line`, the first line after `command` was sent, is its echo. A prompt that the device printed again may
/// stand before it. Fuzzy also takes an echo with blanks inserted or dropped, scrolled sideways, or cut to its end.
bool is_echo(std::string_view line, std::string_view command, echo_kind kind);

/// True when the unfinished `line` can still become the echo.
bool may_become_echo(std::string_view line, std::string_view command);

} // namespace ferrule::ssh
