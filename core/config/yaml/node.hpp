// A YAML document as a plain tree in which every part knows its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"

namespace ferrule::config::yaml {

struct member;

/// One value. Types are not guessed here: a scalar is its text, and `quoted` says whether it stood in quotes; the
/// reader that knows the property decides. Aliases and merge keys are already resolved.
struct node {
    enum class type { null, scalar, list, map };

    type what = type::null;
    position at;
    std::string text;
    std::string tag; ///< `!file` and the like; empty for none.
    bool quoted = false;
    bool from_elsewhere = false; ///< Its text came from the environment or from a file of its own.
    bool faulty = false;         ///< It was complained about already, so that nobody need read it.
    std::vector<node> items;
    std::vector<member> members;

    /// The value of a key of a map, or nullptr.
    [[nodiscard]] const node* find(std::string_view key) const noexcept;
    /// What it is, for complaints: `a list`, `text "abc"`, …
    [[nodiscard]] std::string describe() const;
};

/// One entry of a map.
struct member {
    std::string key;
    position at;
    node value;
};

/// Where `path` (`devices[2].port`) stands below `root`, or the nearest part of the way that is there.
position locate(const node& root, std::string_view path) noexcept;

} // namespace ferrule::config::yaml
