// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/echo.hpp"

#include "ssh/reader/dialog.hpp"

#include <algorithm>
#include <string>

namespace ferrule::ssh {

namespace {

std::string without_blanks(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != ' ' && c != '\t'; });
    return out;
}

/// The end of a scrolled echo: as much of the command as the device still shows.
constexpr std::size_t visible_end = 12;

} // namespace

bool is_echo(std::string_view line, std::string_view command, echo_kind kind) {
    if (kind == echo_kind::none) {
        return false;
    }
    const auto seen = trimmed_end(line);
    const auto sent = trimmed_end(command);
    if (sent.empty()) {
        return seen.empty();
    }
    if (seen == sent || (seen.size() > sent.size() && seen.ends_with(sent))) {
        return true;
    }
    if (kind == echo_kind::strict) {
        return false;
    }
    const auto seen_text = without_blanks(seen);
    const auto sent_text = without_blanks(sent);
    if (seen_text.ends_with(sent_text)) {
        return true;
    }
    if (sent_text.size() <= visible_end) {
        return false;
    }
    const auto tail = std::string_view(sent_text).substr(sent_text.size() - visible_end);
    return seen_text.ends_with(tail) || (seen_text.find('$') != std::string::npos && seen_text.size() > visible_end &&
                                         sent_text.starts_with(seen_text.substr(0, seen_text.find('$'))));
}

bool may_become_echo(std::string_view line, std::string_view command) {
    const auto seen = trimmed_end(line);
    return !seen.empty() && command.starts_with(seen);
}

} // namespace ferrule::ssh
