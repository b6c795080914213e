// SPDX-License-Identifier: Apache-2.0
#include "ssh/text/redactor.hpp"

#include "ssh/text/wipe.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

constexpr std::size_t shortest_secret = 3;
constexpr std::size_t longest_line = 4096; // a setting with a secret is never longer

/// Masks one pattern's finds in the line; bounded, so that a pattern that fits nothing cannot loop.
void apply_pattern(const regex& pattern, std::string& line) {
    std::size_t from = 0;
    for (int found = 0; found < 16 && from <= line.size(); ++found) {
        const auto rest = std::string_view(line).substr(from);
        const auto all = pattern.search(rest);
        if (!all.found) {
            return;
        }
        auto part = pattern.group("secret");
        if (!part.found) {
            part = pattern.group(std::size_t{1});
        }
        if (!part.found) {
            part = all;
        }
        if (part.end == part.begin) {
            return;
        }
        line.replace(from + part.begin, part.end - part.begin, mask);
        from += std::max(part.begin + mask.size(), all.end - (part.end - part.begin) + mask.size());
    }
}

/// Length of the longest end of `text` that is a proper beginning of `secret`.
std::size_t partial_at_end(std::string_view text, std::string_view secret) {
    for (auto length = std::min(text.size(), secret.size() - 1); length > 0; --length) {
        if (text.ends_with(secret.substr(0, length))) {
            return length;
        }
    }
    return 0;
}

} // namespace

void redactor::add(std::string_view secret) {
    if (secret.size() < shortest_secret || std::ranges::find(secrets_, secret) != secrets_.end()) {
        return;
    }
    const auto place = std::ranges::find_if(secrets_, [&](const auto& other) { return other.size() < secret.size(); });
    secrets_.emplace(place, secret);
}

void redactor::hide_secrets(std::string& text) const {
    for (const auto& secret : secrets_) {
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mask.size())) {
            text.replace(at, secret.size(), mask);
        }
    }
}

void redactor::apply(std::string& line) const {
    hide_secrets(line);
    if (rules_ == nullptr || line.size() > longest_line) {
        return;
    }
    for (const auto& pattern : rules_->redact) {
        apply_pattern(pattern, line);
    }
}

std::size_t redactor::clear_length(std::string_view line) const {
    for (const auto& secret : secrets_) {
        line = line.substr(0, line.find(secret));
        line.remove_suffix(partial_at_end(line, secret));
    }
    if (rules_ != nullptr && line.size() <= longest_line) {
        for (const auto& pattern : rules_->redact) {
            line = line.substr(0, pattern.earliest(line));
        }
    }
    return line.size();
}

void redactor::forget() noexcept {
    for (auto& secret : secrets_) {
        wipe(secret);
    }
    secrets_.clear();
}

std::string redactor::masked(std::string_view text) const {
    std::string out(text);
    apply(out);
    return out;
}

std::string secret_filter::feed(std::string_view bytes) {
    held_.append(bytes);
    known_.hide_secrets(held_);
    std::size_t keep = 0;
    for (const auto& secret : known_.secrets()) {
        keep = std::max(keep, partial_at_end(held_, secret));
    }
    std::string out = held_.substr(0, held_.size() - keep);
    held_.erase(0, out.size());
    return out;
}

std::string secret_filter::finish() {
    return std::exchange(held_, {});
}

} // namespace ferrule::ssh
