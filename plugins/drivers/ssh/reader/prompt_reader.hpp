// SPDX-License-Identifier: Apache-2.0
// Reads what a device answers until its prompt is back. No socket and no clock: bytes and times are passed in.
#pragma once

#include "ssh/reader/dialog.hpp"
#include "ssh/reader/output.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// A question that is answered while a command runs. The pattern is owned by the platform or by the request.
struct armed_question {
    const regex* pattern = nullptr;
    std::string reply;    ///< with the return, if it takes one
    bool repeat = false;  ///< else it is answered once
    bool pager = false;   ///< its text is not output
    bool missing = false; ///< there is no secret to answer with: seeing it is an error
    bool secret = false;  ///< asked again after its one answer, the answer was wrong
    bool used = false;
    const question* fails = nullptr; ///< seeing it ends the wait with this error
};

/// What to wait for.
struct expectation {
    std::string typed;                     ///< what was sent, without the return; its echo is not output
    std::vector<std::string> typed_after;  ///< further lines that were sent with it; their echoes are no output either
    bool expect_echo = false;              ///< false after answering a question and at login
    std::string return_after_echo;         ///< sent once the echo is seen: two-phase sending
    std::vector<armed_question> questions; ///< tried in order
    output::judge judge = output::judge::beginning;
    nanoseconds idle = 30 * second; ///< silence that counts as "the prompt never comes"
    nanoseconds settle = 0;         ///< 0: the platform's
    bool stream = false;            ///< a line that stands unfinished for a while is given out as far as it has come
};

/// One wait for the prompt. Feed it bytes, call `tick` at `deadline`, send what `take_writes` gives, and stop once
/// `state` is not `waiting`.
class prompt_reader final : private line_sink {
  public:
    enum class outcome : std::uint8_t {
        waiting,
        prompt,     ///< the device is ready for the next command
        silent,     ///< nothing came for `idle`, and what came does not end in a prompt
        unanswered, ///< a question came that must not or cannot be answered: see `problem`
    };

    /// `state` outlives the reader.
    prompt_reader(dialog& state, expectation wanted, nanoseconds now);

    prompt_reader(const prompt_reader&) = delete;
    prompt_reader& operator=(const prompt_reader&) = delete;
    ~prompt_reader();

    void feed(std::string_view bytes, nanoseconds now);
    void tick(nanoseconds now);

    /// When `tick` is due, on the clock of `now`.
    [[nodiscard]] nanoseconds deadline() const noexcept;

    [[nodiscard]] outcome state() const noexcept { return outcome_; }

    /// Bytes to send to the device: answers to questions and to terminal queries.
    std::string take_writes() { return std::exchange(writes_, {}); }

    [[nodiscard]] bool has_writes() const noexcept { return !writes_.empty(); }

    [[nodiscard]] output& out() noexcept { return output_; }

    /// Exit status from our own prompt, or -1.
    [[nodiscard]] int exit_status() const noexcept { return status_; }

    /// The error behind `unanswered`.
    [[nodiscard]] const std::optional<sdk::error>& problem() const noexcept { return problem_; }

    /// The unfinished last line, masked, for error messages.
    [[nodiscard]] std::string last_line() const;

    /// From now on silence is measured anew, up to `idle`.
    void expect_soon(nanoseconds idle, nanoseconds now) noexcept;

  private:
    void on_line(std::string_view line, bool ended) override;
    void release(std::size_t keep);
    void examine(nanoseconds now);
    bool examine_questions(std::string_view line, bool echoing, nanoseconds now);
    void examine_prompt(std::string_view line, bool echoing, nanoseconds now);
    void answer(armed_question& asked, match_span span);
    void fail(sdk::error what);
    void finish(prompt_find found);
    void plan_show(nanoseconds now);
    void show_line();

    void settle_until(nanoseconds at) noexcept { settle_at_ = at; }

    [[nodiscard]] nanoseconds settle() const noexcept;

    dialog& dialog_;
    expectation wanted_;
    output output_;
    std::vector<std::string> held_;
    std::string writes_;
    std::optional<std::string> reply_echo_; ///< the echo of an answer, which is not output either
    std::optional<sdk::error> problem_;
    nanoseconds heard_at_;
    nanoseconds settle_at_;
    nanoseconds show_at_; ///< when the unfinished line has waited long enough
    outcome outcome_ = outcome::waiting;
    bool in_echo_;
    bool settled_ = false;
    bool after_pager_ = false;
    int status_ = -1;
};

} // namespace ferrule::ssh
