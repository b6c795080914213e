// SPDX-License-Identifier: Apache-2.0
// The cleaned output of one command: masked, judged line by line, without blank lines at its end.
#pragma once

#include "ssh/reader/dialog.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// Collects finished lines. A refusal stands near the beginning of a command's output, so that only the first lines are
/// judged; a log that quotes an error message further down is no failure. In configuration every line is.
class output {
  public:
    enum class judge : std::uint8_t { beginning, every_line, nothing };

    output(const dialog& state, judge how)
        : state_(state)
        , how_(how) {}

    /// Takes a line; `ended` is false for a piece whose line goes on.
    void add(std::string_view line, bool ended);

    /// Gives out the beginning of a line that stands unfinished, as far as nothing in it is to be masked; `add` then
    /// gives only the rest. When the device goes back and paints over what was given out, its line is given anew.
    void show(std::string_view beginning);

    /// What has come since the last call. Line feeds are held back until something follows them.
    std::string take() { return std::exchange(text_, {}); }

    [[nodiscard]] bool has_text() const noexcept { return !text_.empty(); }

    /// The first line that says that the device refused, if any.
    [[nodiscard]] const std::optional<std::string>& refusal() const noexcept { return refusal_; }

  private:
    void weigh(const std::string& line);
    void append(std::string_view line);

    const dialog& state_;
    judge how_;
    std::string text_;
    std::string shown_; ///< what has been given out of the unfinished line
    std::size_t line_feeds_ = 0;
    std::size_t judged_ = 0;
    std::optional<std::string> refusal_;
};

} // namespace ferrule::ssh
