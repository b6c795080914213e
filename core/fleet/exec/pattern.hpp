// A regular expression that a whole text must match.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ferrule::fleet::exec {

/// PCRE2, with case, over the whole text. The work for one match is bounded; past the bound it is no match, so that an
/// argument cannot be chosen to keep the agent busy. Immutable, thread-safe, cheap to copy.
class pattern {
  public:
    /// `bad_pattern`.
    static result<pattern> compile(const std::string& text);
    [[nodiscard]] bool matches(std::string_view text) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    pattern(std::string text, std::shared_ptr<const void> code);

    std::string text_;
    std::shared_ptr<const void> code_;
};

} // namespace ferrule::fleet::exec
