// SPDX-License-Identifier: Apache-2.0
#include "common/settings_reader.hpp"

#include "common/duration.hpp"
#include "common/nearest.hpp"

#include <algorithm>

namespace ferrule::probes {

namespace {

const sdk::json& nothing() {
    static const sdk::json empty = sdk::json::parse("{}").value();
    return empty;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

settings_reader::settings_reader(const sdk::json& object, std::string path, std::string code)
    : object_(&object)
    , path_(std::move(path))
    , code_(std::move(code)) {
    if (!object.is_object()) {
        throw sdk::failure(
            sdk::error(code_, (path_.empty() ? "The settings" : "'" + path_ + "'") + " must be an object."));
    }
}

const sdk::json* settings_reader::find(std::string_view key) {
    known_.emplace_back(key);
    const auto* member = object_->find(key);
    return member == nullptr || member->is_null() ? nullptr : member;
}

std::string settings_reader::text(std::string_view key, std::string_view fallback) {
    const auto* member = find(key);
    if (member == nullptr) {
        return std::string(fallback);
    }
    if (!member->is_text()) {
        wrong(key, "a text");
    }
    return member->as_text();
}

bool settings_reader::flag(std::string_view key, bool fallback) {
    const auto* member = find(key);
    if (member == nullptr) {
        return fallback;
    }
    if (!member->is_boolean()) {
        wrong(key, "true or false");
    }
    return member->as_boolean();
}

std::int64_t settings_reader::number(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
    const auto* member = find(key);
    if (member == nullptr) {
        return fallback;
    }
    if (!member->is_integer() || member->as_integer() < low || member->as_integer() > high) {
        wrong(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    return member->as_integer();
}

std::uint64_t settings_reader::duration(std::string_view key, std::uint64_t fallback) {
    const auto* member = find(key);
    if (member == nullptr) {
        return fallback;
    }
    const auto parsed = member->is_text() ? parse_duration(member->as_text()) : std::nullopt;
    if (!parsed || *parsed == 0) {
        wrong(key, "a duration above zero such as 500ms, 10s or 1m30s");
    }
    return *parsed;
}

std::uint64_t settings_reader::duration(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                                        std::uint64_t high) {
    const auto* member = find(key);
    if (member == nullptr) {
        return fallback;
    }
    const auto parsed = member->is_text() ? parse_duration(member->as_text()) : std::nullopt;
    if (!parsed || *parsed < low || *parsed > high) {
        wrong(key, "a duration from " + duration_text(low) + " to " + duration_text(high) + " such as 100ms or 2s");
    }
    return *parsed;
}

std::string settings_reader::choice(std::string_view key, std::string_view fallback,
                                    std::initializer_list<std::string_view> all) {
    auto chosen = text(key, fallback);
    if (std::find(all.begin(), all.end(), chosen) != all.end()) {
        return chosen;
    }
    std::vector<std::string> known;
    std::string list;
    for (const auto each : all) {
        known.emplace_back(each);
        list += (list.empty() ? "" : ", ") + std::string(each);
    }
    const auto near = nearest(chosen, known);
    wrong(key, "one of " + list + ", not '" + chosen + "'" +
                   (near.empty() ? std::string() : "; did you mean '" + std::string(near) + "'?"));
}

std::vector<std::string> settings_reader::texts(std::string_view key, std::vector<std::string> fallback) {
    const auto* member = find(key);
    if (member == nullptr) {
        return fallback;
    }
    if (member->is_text()) {
        return {member->as_text()};
    }
    if (!member->is_array()) {
        wrong(key, "a list of texts");
    }
    std::vector<std::string> out;
    for (const auto& each : member->items()) {
        if (!each.is_text()) {
            wrong(key, "a list of texts");
        }
        out.push_back(each.as_text());
    }
    return out;
}

std::string settings_reader::bytes(std::string_view key, std::string_view fallback) {
    const auto digits = text(key);
    if (digits.empty()) {
        return std::string(fallback);
    }
    std::string out;
    int high = -1;
    for (const char c : digits) {
        const int value = hex_value(c);
        if (value < 0) {
            if ((c != ' ' && c != ':') || high >= 0) {
                wrong(key, "pairs of hex digits such as '0a ff'");
            }
        } else if (high < 0) {
            high = value;
        } else {
            out += static_cast<char>(high * 16 + value);
            high = -1;
        }
    }
    if (high >= 0) {
        wrong(key, "pairs of hex digits such as '0a ff'");
    }
    return out;
}

settings_reader settings_reader::object(std::string_view key) {
    const auto* member = find(key);
    return {member == nullptr ? nothing() : *member, place(key), code_};
}

std::vector<settings_reader> settings_reader::objects(std::string_view key) {
    std::vector<settings_reader> out;
    const auto* member = find(key);
    if (member == nullptr) {
        return out;
    }
    if (!member->is_array()) {
        wrong(key, "a list of objects");
    }
    for (std::size_t i = 0; i < member->items().size(); ++i) {
        out.emplace_back(member->items()[i], place(key) + "[" + std::to_string(i) + "]", code_);
    }
    return out;
}

void settings_reader::finish() const {
    for (const auto& key : object_->keys()) {
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
            const auto near = nearest(key, known_);
            throw sdk::failure(sdk::error(
                code_, "'" + place(key) + "' is not a known setting" +
                           (near.empty() ? std::string(".") : "; did you mean '" + std::string(near) + "'?")));
        }
    }
}

std::string settings_reader::place(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void settings_reader::wrong(std::string_view key, std::string_view expected) const {
    throw sdk::failure(sdk::error(code_, "'" + place(key) + "' must be " + std::string(expected) +
                                             (expected.ends_with('?') ? "" : ".")));
}

void settings_reader::refuse(std::string_view key, std::string_view sentence) const {
    throw sdk::failure(sdk::error(code_, "'" + place(key) + "': " + std::string(sentence)));
}

} // namespace ferrule::probes
