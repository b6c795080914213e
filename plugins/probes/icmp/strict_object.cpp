// SPDX-License-Identifier: Apache-2.0
#include "icmp/strict_object.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

namespace ferrule::icmp {

namespace {

struct unit {
    std::string_view name;
    double nanoseconds;
};

constexpr unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
constexpr double longest = 30.0 * 24 * 3600e9;

std::string shown(std::uint64_t nanoseconds) {
    return nanoseconds % 1'000'000'000 == 0 ? std::to_string(nanoseconds / 1'000'000'000) + "s"
                                            : std::to_string(nanoseconds / 1'000'000) + "ms";
}

std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const auto replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
        }
    }
    return row.back();
}

} // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0) {
        return std::nullopt;
    }
    const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& each : units) {
        if (each.name == name && number * each.nanoseconds <= longest) {
            return static_cast<std::uint64_t>(number * each.nanoseconds + 0.5);
        }
    }
    return std::nullopt;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t least = word.size() * 2 / 5 + 1; // a slip or two in a word of some length
    for (const auto each : candidates) {
        if (const auto distance = edits(word, each); distance < least) {
            least = distance;
            best = each;
        }
    }
    return best;
}

strict_object::strict_object(const sdk::json& value, std::string_view code)
    : value_(&value)
    , code_(code) {
    if (!value.is_object()) {
        throw sdk::failure(sdk::error(std::string(code), "The settings of icmp must be a JSON object."));
    }
}

const sdk::json* strict_object::member(std::string_view key) {
    known_.push_back(key);
    const auto* found = value_->find(key);
    return found == nullptr || found->is_null() ? nullptr : found;
}

void strict_object::refuse(std::string_view key, const std::string& what) const {
    throw sdk::failure(sdk::error(std::string(code_), "'" + std::string(key) + "' " + what));
}

std::optional<std::string> strict_object::text(std::string_view key) {
    const auto* found = member(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (!found->is_text()) {
        refuse(key, "must be a text.");
    }
    return found->as_text();
}

std::optional<std::int64_t> strict_object::whole(std::string_view key, std::int64_t least, std::int64_t most) {
    const auto* found = member(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (!found->is_integer() || found->as_integer() < least || found->as_integer() > most) {
        refuse(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
                        found->dump() + ".");
    }
    return found->as_integer();
}

std::optional<bool> strict_object::boolean(std::string_view key) {
    const auto* found = member(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (!found->is_boolean()) {
        refuse(key, "must be true or false, not " + found->dump() + ".");
    }
    return found->as_boolean();
}

std::optional<std::uint64_t> strict_object::duration(std::string_view key, std::uint64_t least, std::uint64_t most) {
    const auto* found = member(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto parsed = found->is_text() ? parse_duration(found->as_text()) : std::nullopt;
    if (!parsed || *parsed < least || *parsed > most) {
        refuse(key, "must be a duration from " + shown(least) + " to " + shown(most) + " such as \"100ms\", not " +
                        found->dump() + ".");
    }
    return parsed;
}

std::optional<std::size_t> strict_object::choice(std::string_view key, const std::vector<std::string_view>& words) {
    const auto* found = member(key);
    if (found == nullptr) {
        return std::nullopt;
    }
    const auto at =
        found->is_text() ? std::find(words.begin(), words.end(), std::string_view(found->as_text())) : words.end();
    if (at == words.end()) {
        std::string all;
        for (const auto each : words) {
            all += (all.empty() ? "\"" : ", \"") + std::string(each) + "\"";
        }
        refuse(key, "must be one of " + all + ", not " + found->dump() + ".");
    }
    return static_cast<std::size_t>(at - words.begin());
}

void strict_object::finish() const {
    for (const auto& key : value_->keys()) {
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) {
            continue;
        }
        const auto meant = nearest(key, known_);
        refuse(key, meant.empty() ? "is no setting of icmp."
                                  : "is no setting of icmp; is '" + std::string(meant) + "' meant?");
    }
}

} // namespace ferrule::icmp
