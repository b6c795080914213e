// SPDX-License-Identifier: Apache-2.0
// Sends configuration with several lines in flight and tells which answer belongs to which line. No socket and no
// clock.
#pragma once

#include "ssh/reader/dialog.hpp"
#include "ssh/reader/output.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// What came of one line.
struct config_answer {
    std::string output;
    std::optional<std::string> refusal;
    bool skipped = false; ///< never sent
};

struct config_plan {
    std::vector<std::string> lines;
    std::size_t window = 8;
    bool stop_on_error = true; ///< send nothing more after the first refusal; what is in flight is still answered
    nanoseconds idle = 30 * second;
};

/// The answer to a line ends where the device prints its prompt with the echo of the next one, or where the prompt
/// comes back for good. An echo that the terminal made before its time is dropped. Needs a device that echoes. Use:
/// feed, tick at `deadline`, send `take_writes`, until not `waiting`.
class config_reader final : private line_sink {
  public:
    enum class outcome : std::uint8_t { waiting, done, silent };

    /// `state` outlives the reader. The first lines are ready to be sent at once.
    config_reader(dialog& state, config_plan plan, nanoseconds now);

    void feed(std::string_view bytes, nanoseconds now);
    void tick(nanoseconds now);
    [[nodiscard]] nanoseconds deadline() const noexcept;

    [[nodiscard]] outcome state() const noexcept { return outcome_; }

    std::string take_writes() { return std::exchange(writes_, {}); }

    [[nodiscard]] bool has_writes() const noexcept { return !writes_.empty(); }

    /// One answer a line, in order, once done; before that, those so far.
    std::vector<config_answer> take_answers() { return std::move(answers_); }

    /// How many lines have gone out.
    [[nodiscard]] std::size_t sent() const noexcept { return sent_; }

    /// The line that is being answered, for error messages.
    [[nodiscard]] const std::string& current() const noexcept { return plan_.lines[current_]; }

    [[nodiscard]] std::string last_line() const { return dialog_.secrets.masked(dialog_.terminal.line()); }

  private:
    void on_line(std::string_view line, bool ended) override;
    bool begins_next(std::string_view line);
    [[nodiscard]] bool early_echo(std::string_view line) const;
    void end_answer(std::size_t prompt_lines);
    void send_more();
    void examine(nanoseconds now);

    dialog& dialog_;
    config_plan plan_;
    std::vector<config_answer> answers_;
    std::optional<output> output_;
    std::vector<std::string> held_;
    std::string writes_;
    std::size_t sent_ = 0;
    std::size_t current_ = 0;
    nanoseconds heard_at_;
    nanoseconds settle_at_;
    outcome outcome_ = outcome::waiting;
    bool in_echo_ = true;
    bool stopped_ = false;
    bool settled_ = false;
};

} // namespace ferrule::ssh
