// SPDX-License-Identifier: Apache-2.0
// The regular expressions of expectations: PCRE2, with a bound on what a match may cost.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::probes {

/// What the groups of a match caught, by number and by name. Group 0 is the match.
struct captures {
    std::vector<std::string> groups;
    std::map<std::string, std::size_t, std::less<>> names;
    std::size_t end = 0; ///< Where the match ends in its subject.

    [[nodiscard]] std::string_view group(std::string_view name_or_number) const;
};

enum class match_status : std::uint8_t {
    no,
    yes,
    costly, ///< Ran into the bound of steps or memory: nobody knows whether it matches.
};

/// One compiled pattern: case-sensitive, `^` and `$` are the ends of the text; a byte that is not UTF-8 counts as
/// U+FFFD. A copy is the same pattern.
class regex {
  public:
    /// Fails with `code`, naming what PCRE2 says and where.
    static sdk::result<regex> compile(std::string_view pattern, std::string code);

    /// Looks for the pattern; a match fills `caught`.
    [[nodiscard]] match_status search(std::string_view subject, captures* caught = nullptr) const;

    /// The end of a sentence about a search that was costly: "the pattern '…' takes too many steps on `what`".
    [[nodiscard]] std::string too_costly(std::string_view what) const;

    [[nodiscard]] const std::string& pattern() const noexcept;

    struct state; ///< Known to the implementation only.

  private:
    explicit regex(std::shared_ptr<const state> made)
        : state_(std::move(made)) {}

    std::shared_ptr<const state> state_;
};

/// Replaces `$1`, `${1}`, `$name` and `${name}` by what they caught and `$$` by a dollar sign; what caught nothing is
/// empty. An unfinished `${` stays as it is.
std::string expand(std::string_view text, const captures& from);

} // namespace ferrule::probes
