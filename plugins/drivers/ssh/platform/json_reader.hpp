// SPDX-License-Identifier: Apache-2.0
// Reading settings from JSON with one message for the first thing that is wrong, naming its place.
#pragma once

#include "ssh/platform/duration.hpp"

#include <ferrule/sdk/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// Reads one JSON object; each key that is read counts as known. Throws sdk::failure with `code`, naming `path.key`.
/// Numbers out of range, wrong types and, on `finish`, keys nobody read are errors. `null` counts as missing.
class json_reader {
  public:
    using json = nlohmann::json;

    json_reader(const json& object, std::string path, std::string code)
        : object_(object)
        , path_(std::move(path))
        , code_(std::move(code)) {
        if (!object.is_object()) {
            throw sdk::failure(sdk::error(code_, (path_.empty() ? "It" : "'" + path_ + "'") + " must be an object."));
        }
    }

    /// Parses text; the message of a syntax error does not quote it, since it may hold secrets.
    static json parse(std::string_view text, const std::string& what, const std::string& code) {
        auto parsed = json::parse(text, nullptr, false);
        if (parsed.is_discarded()) {
            throw sdk::failure(sdk::error(code, what + " is not valid JSON."));
        }
        return parsed;
    }

    const json* find(const std::string& key) {
        known_.insert(key);
        const auto at = object_.find(key);
        return at == object_.end() || at->is_null() ? nullptr : &*at;
    }

    std::string text(const std::string& key, std::string fallback = {}) {
        const auto* value = find(key);
        if (value == nullptr) {
            return fallback;
        }
        if (!value->is_string()) {
            wrong(key, "a text");
        }
        return value->get<std::string>();
    }

    bool flag(const std::string& key, bool fallback) {
        const auto* value = find(key);
        if (value == nullptr) {
            return fallback;
        }
        if (!value->is_boolean()) {
            wrong(key, "true or false");
        }
        return value->get<bool>();
    }

    std::uint64_t number(const std::string& key, std::uint64_t fallback, std::uint64_t low = 0,
                         std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) {
        const auto* value = find(key);
        if (value == nullptr) {
            return fallback;
        }
        if (!value->is_number_integer() || (!value->is_number_unsigned() && value->get<std::int64_t>() < 0) ||
            value->get<std::uint64_t>() < low || value->get<std::uint64_t>() > high) {
            wrong(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
        }
        return value->get<std::uint64_t>();
    }

    nanoseconds duration(const std::string& key, nanoseconds fallback) {
        const auto* value = find(key);
        if (value == nullptr) {
            return fallback;
        }
        const auto parsed = value->is_string() ? parse_duration(value->get_ref<const std::string&>()) : std::nullopt;
        if (!parsed) {
            wrong(key, "a duration such as 500ms, 10s or 5m");
        }
        return *parsed;
    }

    /// A list of texts; a single text counts as a list of one.
    std::vector<std::string> texts(const std::string& key) {
        std::vector<std::string> out;
        const auto* value = find(key);
        if (value == nullptr) {
            return out;
        }
        if (value->is_string()) {
            out.push_back(value->get<std::string>());
            return out;
        }
        if (!value->is_array()) {
            wrong(key, "a list of texts");
        }
        for (const auto& item : *value) {
            if (!item.is_string()) {
                wrong(key, "a list of texts");
            }
            out.push_back(item.get<std::string>());
        }
        return out;
    }

    /// Calls `each(object, path)` for the objects of a list; a single object counts as a list of one.
    template <class Each>
    void objects(const std::string& key, Each each) {
        const auto* value = find(key);
        if (value == nullptr) {
            return;
        }
        if (value->is_object()) {
            each(*value, place(key));
            return;
        }
        if (!value->is_array()) {
            wrong(key, "a list of objects");
        }
        for (std::size_t i = 0; i < value->size(); ++i) {
            each((*value)[i], place(key) + "[" + std::to_string(i) + "]");
        }
    }

    /// A nested object, or nothing.
    template <class Each>
    void object(const std::string& key, Each each) {
        if (const auto* value = find(key)) {
            each(*value, place(key));
        }
    }

    /// Refuses keys that nobody asked for.
    void finish() const {
        for (const auto& item : object_.items()) {
            if (!known_.contains(item.key())) {
                throw sdk::failure(sdk::error(code_, "'" + place(item.key()) + "' is not a known setting."));
            }
        }
    }

    [[nodiscard]] std::string place(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

    [[noreturn]] void wrong(const std::string& key, const std::string& expected) const {
        throw sdk::failure(sdk::error(code_, "'" + place(key) + "' must be " + expected + "."));
    }

    [[nodiscard]] const std::string& code() const noexcept { return code_; }

  private:
    const json& object_;
    std::string path_;
    std::string code_;
    std::set<std::string, std::less<>> known_;
};

} // namespace ferrule::ssh
