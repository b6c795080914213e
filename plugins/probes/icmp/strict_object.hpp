// SPDX-License-Identifier: Apache-2.0
// Settings read strictly: each key asked for, none left over.
#pragma once

#include <ferrule/sdk/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::icmp {

/// Reads the members of one JSON object. Each getter gives none for a missing or null member and throws `failure` with
/// the code and the key for one of a wrong kind; `finish` refuses what nobody asked for.
class strict_object {
  public:
    /// `code` is that of every complaint; the value must outlive the reader.
    strict_object(const sdk::json& value, std::string_view code);

    std::optional<std::string> text(std::string_view key);
    std::optional<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most);
    std::optional<bool> boolean(std::string_view key);
    /// Nanoseconds from a text such as "250us", "20ms", "1.5s" or "1m".
    std::optional<std::uint64_t> duration(std::string_view key, std::uint64_t least, std::uint64_t most);
    /// One of the listed words.
    std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& words);

    /// Throws for a key that no getter was called for, with the nearest one that there is.
    void finish() const;

    /// Throws a complaint about a key.
    [[noreturn]] void refuse(std::string_view key, const std::string& what) const;

  private:
    const sdk::json* member(std::string_view key);

    const sdk::json* value_;
    std::string_view code_;
    std::vector<std::string_view> known_;
};

/// A number with a unit (ns, us, ms, s, m, h) in nanoseconds; none for anything else or for more than 30 days.
std::optional<std::uint64_t> parse_duration(std::string_view text);

/// The candidate with the least edits from the word, or empty when all are too far away to be meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

} // namespace ferrule::icmp
