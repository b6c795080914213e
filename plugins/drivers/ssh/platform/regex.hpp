// SPDX-License-Identifier: Apache-2.0
// The regular expressions of platforms and requests: PCRE2, caseless and multiline, with a bound on what a match may
// cost.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::ssh {

/// How much of the subject a match must cover.
enum class match_kind : std::uint8_t {
    anywhere, ///< somewhere in the subject
    to_end,   ///< somewhere, up to the end of the subject
    whole,    ///< from the first to the last byte
};

/// Where a match or one of its groups lies in the subject; `found` is false when there is none.
struct match_span {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool found = false;

    [[nodiscard]] std::string_view of(std::string_view subject) const noexcept {
        return found ? subject.substr(begin, end - begin) : std::string_view{};
    }
};

/// One compiled pattern. Compiled to machine code only once it has been used a few times, because that costs more than
/// a short match. Each match is bounded in steps and memory; one that runs into the bound counts as no match. One
/// thread at a time.
class regex {
  public:
    /// Fails with `invalid_pattern`, naming what PCRE2 says and where.
    static sdk::result<regex> compile(std::string_view pattern);

    [[nodiscard]] match_span search(std::string_view subject, match_kind kind = match_kind::anywhere) const;

    [[nodiscard]] bool matches(std::string_view subject, match_kind kind = match_kind::anywhere) const {
        return search(subject, kind).found;
    }

    /// Where a match may begin in this text or in one that goes on from it; its size when there is no such place.
    [[nodiscard]] std::size_t earliest(std::string_view subject) const;

    /// A group of the last search on this thread, which must have been a successful one of this pattern.
    [[nodiscard]] match_span group(const char* name) const;
    [[nodiscard]] match_span group(std::size_t number) const;

    [[nodiscard]] bool has_group(const char* name) const;

    [[nodiscard]] const std::string& pattern() const noexcept;

    struct state; ///< Known to the implementation only.

  private:
    explicit regex(std::shared_ptr<state> made)
        : state_(std::move(made)) {}

    [[nodiscard]] std::size_t number_of(const char* name) const;

    std::shared_ptr<state> state_;
};

} // namespace ferrule::ssh
