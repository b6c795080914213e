// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/dialog.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::ssh {

namespace {

/// Longer lines are output: 128 characters of hostname, a mode and some decoration fit easily.
constexpr std::size_t longest_prompt = 600;

/// Names of this length and more may be the cut form of a longer one.
constexpr std::size_t shortest_cut = 12;

std::string joined(const std::vector<std::string>& held, std::size_t count, std::string_view line) {
    std::string text;
    for (auto i = held.size() - count; i < held.size(); ++i) {
        text += held[i];
        text += '\n';
    }
    text += line;
    return text;
}

prompt_find find_own(const own_prompt& own, std::string_view line) {
    prompt_find found;
    const auto tail_begin = line.size() > longest_prompt ? line.size() - longest_prompt : 0;
    const auto tail = line.substr(tail_begin);
    const auto span = own.pattern.search(tail, match_kind::to_end);
    if (!span.found) {
        return found;
    }
    const auto status = own.pattern.group("status");
    if (status.found) {
        const auto digits = status.of(tail);
        std::from_chars(digits.data(), digits.data() + digits.size(), found.status);
    }
    found.sure = certainty::sure;
    found.begin = tail_begin + span.begin;
    found.text = span.of(tail);
    return found;
}

prompt_find fits(const dialog& state, std::string text, std::size_t held) {
    prompt_find found;
    if (state.memory.knows(text)) {
        found.sure = certainty::sure;
        found.held = held;
        found.text = std::move(text);
        return found;
    }
    const auto subject = trimmed_end(text);
    const auto& pattern = state.prompt_pattern();
    if (!pattern.matches(subject, match_kind::whole)) {
        return found;
    }
    const auto host = pattern.group("host");
    found.host = host.of(subject);
    for (const auto& exclude : state.rules->prompt_exclude) {
        if (exclude.matches(subject)) {
            return {};
        }
    }
    found.sure = state.memory.same_host(found.host) ? certainty::likely : certainty::unlikely;
    found.held = held;
    found.text = std::move(text);
    return found;
}

} // namespace

void adopt_prompt(dialog& state, prompt_find found) {
    if (state.own_prompt) {
        return; // it is the same in every mode; the device's own is the one to tell people
    }
    state.memory.learn(found.text, found.host);
    const auto visible = trimmed_end(found.text);
    if (visible != state.prompt) {
        state.prompt = visible;
        state.mode = state.rules->mode_of(visible);
    }
}

std::string_view trimmed_end(std::string_view text) noexcept {
    const auto last = text.find_last_not_of(" \t");
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool prompt_memory::knows(std::string_view prompt) const noexcept {
    return std::ranges::find(prompts_, prompt) != prompts_.end();
}

void prompt_memory::learn(std::string_view prompt, std::string_view host) {
    if (!host.empty()) {
        if (!same_host(host)) {
            prompts_.clear();
            host_ = host;
        } else if (host.size() > host_.size()) {
            host_ = host;
        }
    }
    if (!prompts_.empty() && prompts_.back() == prompt) {
        return;
    }
    std::erase(prompts_, prompt);
    if (prompts_.size() == capacity) {
        prompts_.erase(prompts_.begin());
    }
    prompts_.emplace_back(prompt);
}

bool prompt_memory::same_host(std::string_view host) const noexcept {
    if (host_.empty() || host.empty() || host == host_) {
        return true;
    }
    const auto shorter = std::min(host.size(), host_.size());
    return shorter >= shortest_cut && host.substr(0, shorter) == std::string_view(host_).substr(0, shorter);
}

bool prompt_memory::may_become(std::string_view line) const noexcept {
    for (std::string_view prompt : prompts_) {
        for (auto end = prompt.find('\n'); end != std::string_view::npos; end = prompt.find('\n')) {
            if (prompt.substr(0, end).starts_with(line)) {
                return true;
            }
            prompt.remove_prefix(end + 1);
        }
        const auto host = host_.empty() ? std::string_view::npos : prompt.find(host_);
        const auto stem = host == std::string_view::npos ? prompt : prompt.substr(0, host + host_.size());
        if (stem.starts_with(line) || line.starts_with(stem)) {
            return true;
        }
    }
    return false;
}

void prompt_memory::clear() noexcept {
    prompts_.clear();
    host_.clear();
}

prompt_find find_prompt(const dialog& state, const std::vector<std::string>& held, std::string_view line) {
    if (state.own_prompt && state.rules->own) {
        return find_own(*state.rules->own, line);
    }
    const auto visible = trimmed_end(line);
    if (visible.empty() || line.size() > longest_prompt) {
        return {};
    }
    const auto& ends = state.rules->prompt_ends;
    if (state.prompt_override == nullptr && !ends.empty() && ends.find(visible.back()) == std::string::npos) {
        return {};
    }
    const auto most = std::min(held.size(), state.rules->prompt_lines - 1);
    for (auto count = most + 1; count-- > 0;) {
        if (count > 0 && held[held.size() - count].size() > longest_prompt) {
            continue;
        }
        auto found = fits(state, joined(held, count, line), count);
        if (found.sure != certainty::none) {
            return found;
        }
    }
    return {};
}

} // namespace ferrule::ssh
