// SPDX-License-Identifier: Apache-2.0
// Reading a probe's settings with one clear message for the first thing that is wrong.
#pragma once

#include <ferrule/sdk/error.hpp>
#include <ferrule/sdk/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes {

/// Reads one JSON object. Each key that is asked for counts as known, `null` counts as missing. Everything wrong throws
/// sdk::failure with `code`, naming the member: wrong types, numbers out of range, texts that are no choice, and on
/// `finish` keys nobody asked for, with the nearest known one. The object must outlive the reader.
class settings_reader {
  public:
    settings_reader(const sdk::json& object, std::string path, std::string code);

    const sdk::json* find(std::string_view key);

    std::string text(std::string_view key, std::string_view fallback = {});
    bool flag(std::string_view key, bool fallback);
    std::int64_t number(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high);
    /// Nanoseconds, from a text such as `500ms`, `10s` or `1m30s`.
    std::uint64_t duration(std::string_view key, std::uint64_t fallback);
    /// One within bounds, which may begin at zero.
    std::uint64_t duration(std::string_view key, std::uint64_t fallback, std::uint64_t low, std::uint64_t high);
    /// One of the texts.
    std::string choice(std::string_view key, std::string_view fallback, std::initializer_list<std::string_view> all);
    /// A list of texts; a single text counts as a list of one. The fallback when it is missing.
    std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback = {});
    /// Bytes, from pairs of hex digits with blanks and colons between them as one likes.
    std::string bytes(std::string_view key, std::string_view fallback = {});

    /// A reader of a nested object, or of an empty one when it is missing.
    settings_reader object(std::string_view key);
    /// Readers of the objects of a list.
    std::vector<settings_reader> objects(std::string_view key);

    /// Refuses keys that nobody asked for.
    void finish() const;

    [[nodiscard]] std::string place(std::string_view key) const;

    [[nodiscard]] const std::string& code() const noexcept { return code_; }

    /// Refuses the member: "'place' must be `expected`."
    [[noreturn]] void wrong(std::string_view key, std::string_view expected) const;
    /// Refuses it with a sentence of its own: "'place': `sentence`"
    [[noreturn]] void refuse(std::string_view key, std::string_view sentence) const;

  private:
    const sdk::json* object_;
    std::string path_;
    std::string code_;
    std::vector<std::string> known_;
};

} // namespace ferrule::probes
