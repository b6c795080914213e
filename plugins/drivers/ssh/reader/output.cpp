// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/output.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

constexpr std::size_t judged_lines = 6;
constexpr std::size_t most_warnings = 20;

bool any_fits(const std::vector<regex>& patterns, std::string_view line) {
    return std::ranges::any_of(patterns, [&](const regex& pattern) { return pattern.matches(line); });
}

} // namespace

void output::add(std::string_view line, bool ended) {
    if (!line.empty()) {
        std::string shown(line);
        state_.secrets.apply(shown);
        weigh(shown);
        text_.append(line_feeds_, '\n');
        line_feeds_ = 0;
        text_ += shown;
    }
    if (ended) {
        ++line_feeds_;
    }
}

void output::weigh(const std::string& line) {
    if (how_ == judge::nothing || (how_ == judge::beginning && judged_ >= judged_lines)) {
        return;
    }
    ++judged_;
    const auto& rules = *state_.rules;
    const mode* current = state_.mode < rules.modes.size() ? &rules.modes[state_.mode] : nullptr;
    if (!refusal_ && (any_fits(rules.fatal, line) || (current != nullptr && any_fits(current->fatal, line)))) {
        refusal_ = line;
    } else if (warnings_.size() < most_warnings &&
               (any_fits(rules.warning, line) || (current != nullptr && any_fits(current->warning, line)))) {
        warnings_.push_back(line);
    }
}

} // namespace ferrule::ssh
