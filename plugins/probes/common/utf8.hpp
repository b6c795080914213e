// SPDX-License-Identifier: Apache-2.0
// What arrives need not be the UTF-8 that patterns are written for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes {

/// A text in which every byte that belongs to no character of UTF-8 (RFC 3629) is replaced by U+FFFD, so that patterns
/// match across it, as Go's do. Refers to a text that has none such, which must outlive it.
class utf8_text {
  public:
    explicit utf8_text(std::string_view given);
    utf8_text(const utf8_text&) = delete;
    utf8_text& operator=(const utf8_text&) = delete;

    [[nodiscard]] std::string_view text() const noexcept { return replaced_.empty() ? given_ : std::string_view(own_); }

    /// Where an offset of `text`, between two characters, is in what was given.
    [[nodiscard]] std::size_t given(std::size_t offset) const noexcept;

  private:
    std::string_view given_;
    std::string own_;
    std::vector<std::size_t> replaced_; ///< Offsets in `own_`.
};

} // namespace ferrule::probes
