// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/output.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::ssh {

namespace {

constexpr std::size_t judged_lines = 6;

bool any_fits(const std::vector<regex>& patterns, std::string_view line) {
    return std::ranges::any_of(patterns, [&](const regex& pattern) { return pattern.matches(line); });
}

} // namespace

void output::add(std::string_view line, bool ended) {
    if (!line.empty()) {
        std::string shown(line);
        state_.secrets.apply(shown);
        weigh(shown);
        append(shown);
    }
    shown_.clear();
    if (ended) {
        ++line_feeds_;
    }
}

void output::show(std::string_view beginning) {
    const auto part = trimmed_end(beginning.substr(0, state_.secrets.clear_length(beginning)));
    if (part.size() > shown_.size()) {
        append(part);
        shown_ = part;
    }
}

void output::append(std::string_view line) {
    text_.append(std::exchange(line_feeds_, 0), '\n');
    if (line.starts_with(shown_)) {
        line.remove_prefix(shown_.size());
    } else {
        text_ += '\n';
    }
    text_ += line;
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
    }
}

} // namespace ferrule::ssh
