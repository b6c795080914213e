// Regular expressions of the scripts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::simdevice {

/// A compiled PCRE2 pattern that must match a whole line. Immutable; any thread may use it.
/// Construction throws std::invalid_argument that names the pattern and the place of the mistake.
class pattern {
  public:
    explicit pattern(const std::string& text);

    /// The groups of a match, the whole line being group 0, or nothing.
    std::optional<std::vector<std::string>> match(std::string_view line) const;

  private:
    struct code;
    std::shared_ptr<const code> code_;
};

} // namespace ferrule::simdevice
