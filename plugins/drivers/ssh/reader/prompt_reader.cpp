// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/prompt_reader.hpp"

#include "ssh/reader/echo.hpp"
#include "ssh/text/wipe.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

constexpr nanoseconds never = ~nanoseconds{0};
constexpr std::size_t longest_question = 1024;
/// While the echo has not come, a prompt is probably one that the device printed again before it.
constexpr nanoseconds echo_patience = 4;
/// A prompt with another device's name is probably output.
constexpr nanoseconds stranger_patience = 10;

/// How long the beginning of a line waits for its end before it is given out.
constexpr nanoseconds show_patience = 250 * millisecond;

nanoseconds later(nanoseconds now, nanoseconds span) noexcept {
    return span > never - now ? never : now + span;
}

} // namespace

prompt_reader::prompt_reader(dialog& state, expectation wanted, nanoseconds now)
    : dialog_(state)
    , wanted_(std::move(wanted))
    , output_(state, wanted_.judge)
    , heard_at_(now)
    , settle_at_(never)
    , show_at_(never)
    , in_echo_(wanted_.expect_echo) {
    dialog_.terminal.expect_wrapping(in_echo_);
    if (!wanted_.return_after_echo.empty()) {
        settle_at_ = later(now, settle() * stranger_patience);
    }
}

prompt_reader::~prompt_reader() {
    dialog_.terminal.expect_wrapping(false);
    for (auto& asked : wanted_.questions) {
        wipe(asked.reply);
    }
    wipe(writes_);
}

nanoseconds prompt_reader::settle() const noexcept {
    return wanted_.settle != 0 ? wanted_.settle : dialog_.rules->settle;
}

nanoseconds prompt_reader::deadline() const noexcept {
    const auto next = settle_at_ != never ? settle_at_ : show_at_;
    return outcome_ != outcome::waiting ? never : std::min(next, later(heard_at_, wanted_.idle));
}

void prompt_reader::expect_soon(nanoseconds idle, nanoseconds now) noexcept {
    wanted_.idle = idle;
    heard_at_ = now;
}

void prompt_reader::feed(std::string_view bytes, nanoseconds now) {
    if (outcome_ != outcome::waiting || bytes.empty()) {
        return;
    }
    heard_at_ = now;
    settle_at_ = never;
    settled_ = false;
    dialog_.terminal.feed(bytes, *this);
    if (const auto replies = dialog_.terminal.replies(); !replies.empty()) {
        writes_ += replies;
        dialog_.terminal.clear_replies();
    }
    examine(now);
    plan_show(now);
}

void prompt_reader::tick(nanoseconds now) {
    if (outcome_ != outcome::waiting) {
        return;
    }
    if (now >= settle_at_) {
        settle_at_ = never;
        settled_ = true;
        if (!wanted_.return_after_echo.empty()) { // the echo did not come: go on without it
            writes_ += std::exchange(wanted_.return_after_echo, {});
            return;
        }
        examine(now);
    }
    if (outcome_ == outcome::waiting && settle_at_ == never && now >= show_at_) {
        show_at_ = never;
        show_line();
    }
    if (outcome_ == outcome::waiting && now >= later(heard_at_, wanted_.idle)) {
        outcome_ = outcome::silent;
        show_line();
    }
}

void prompt_reader::plan_show(nanoseconds now) {
    if (wanted_.stream && outcome_ == outcome::waiting && show_at_ == never && !dialog_.terminal.line().empty()) {
        show_at_ = later(now, show_patience);
    }
}

/// Not what may be or become an echo, a question or a prompt, nor what the device draws again and again.
void prompt_reader::show_line() {
    const bool expected = in_echo_ || after_pager_ || reply_echo_ || !wanted_.typed_after.empty() ||
                          !wanted_.return_after_echo.empty() || settle_at_ != never;
    auto line = dialog_.terminal.line();
    if (!wanted_.stream || expected || dialog_.terminal.repainted() || dialog_.memory.may_become(line)) {
        return;
    }
    for (const auto& asked : wanted_.questions) {
        if (line.size() <= longest_question && (asked.repeat || !asked.used)) {
            line = line.substr(0, asked.pattern->earliest(line));
        }
    }
    if (dialog_.own_prompt && dialog_.rules->own) {
        line = line.substr(0, dialog_.rules->own->pattern.earliest(line));
    }
    if (!line.empty()) {
        release(0);
        output_.show(line);
    }
}

void prompt_reader::on_line(std::string_view line, bool ended) {
    show_at_ = never;
    if (in_echo_) {
        in_echo_ = false;
        dialog_.terminal.expect_wrapping(false);
        if (is_echo(line, wanted_.typed, dialog_.rules->echo)) {
            return;
        }
    }
    if (std::exchange(after_pager_, false) && line.empty() && dialog_.terminal.untouched()) {
        return; // the device left the pager where it was and went to the next line
    }
    if (const auto expected = std::exchange(reply_echo_, std::nullopt); expected && trimmed_end(line) == *expected) {
        return;
    }
    auto& more = wanted_.typed_after;
    if (!more.empty() && is_echo(line, more.front(), dialog_.rules->echo)) {
        more.erase(more.begin());
        return;
    }
    if (!ended || dialog_.rules->prompt_lines == 1 || dialog_.own_prompt) {
        release(0);
        output_.add(line, ended);
        return;
    }
    held_.emplace_back(line);
    release(dialog_.rules->prompt_lines - 1);
}

void prompt_reader::release(std::size_t keep) {
    while (held_.size() > keep) {
        output_.add(held_.front(), true);
        held_.erase(held_.begin());
    }
}

void prompt_reader::examine(nanoseconds now) {
    const auto line = dialog_.terminal.line();
    if (line.empty() && !(dialog_.own_prompt)) {
        return;
    }
    if (!wanted_.return_after_echo.empty()) {
        if (is_echo(line, wanted_.typed, dialog_.rules->echo)) {
            writes_ += std::exchange(wanted_.return_after_echo, {});
        } else {
            settle_until(later(now, settle() * stranger_patience));
        }
        return;
    }
    if (in_echo_ && may_become_echo(line, wanted_.typed)) {
        return;
    }
    if (!examine_questions(line, in_echo_, now)) {
        examine_prompt(line, in_echo_, now);
    }
}

bool prompt_reader::examine_questions(std::string_view line, bool echoing, nanoseconds now) {
    if (line.size() > longest_question) {
        return false;
    }
    bool refused = false;
    for (auto& asked : wanted_.questions) {
        const auto span = asked.pattern->search(line);
        if (!span.found) {
            continue;
        }
        if (asked.used && !asked.repeat) {
            refused = refused || asked.secret;
            continue;
        }
        const bool complete = span.end >= trimmed_end(line).size();
        if (settled_ || (complete && !echoing)) {
            answer(asked, span);
        } else {
            settle_until(later(now, settle() * (echoing ? echo_patience : 1)));
        }
        return true;
    }
    if (refused && settled_) {
        fail(sdk::error("secret_refused", "The device asked '" + last_line() + "' again: the answer was wrong."));
    } else if (refused) {
        settle_until(later(now, settle()));
    }
    return refused;
}

void prompt_reader::fail(sdk::error what) {
    problem_ = std::move(what);
    outcome_ = outcome::unanswered;
}

void prompt_reader::answer(armed_question& asked, match_span span) {
    if (asked.fails != nullptr) {
        fail(sdk::error(asked.fails->fail_code, asked.fails->fail_message));
        return;
    }
    if (asked.missing) {
        fail(sdk::error("login_dialog", "The device asks '" + last_line() +
                                            "', and the credential holds no secret to answer it with."));
        return;
    }
    asked.used = true;
    in_echo_ = false;
    settled_ = false;
    writes_ += asked.reply;
    const auto line = dialog_.terminal.line();
    after_pager_ = asked.pager;
    if (asked.pager) {
        if (const auto before = line.substr(0, span.begin); !trimmed_end(before).empty()) {
            release(0);
            output_.add(before, true);
        }
    } else {
        release(0);
        output_.add(trimmed_end(line), true);
        const auto typed = asked.reply.find_first_of("\r\n");
        reply_echo_ = asked.secret ? std::string() : asked.reply.substr(0, typed);
    }
    dialog_.terminal.clear_line();
}

void prompt_reader::examine_prompt(std::string_view line, bool echoing, nanoseconds now) {
    auto found = find_prompt(dialog_, held_, line);
    switch (found.sure) {
    case certainty::none:
        return;
    case certainty::sure:
        if (!echoing || settled_ || dialog_.own_prompt) {
            finish(std::move(found));
        } else {
            settle_until(later(now, settle() * echo_patience));
        }
        return;
    case certainty::likely:
    case certainty::unlikely:
        if (settled_) {
            finish(std::move(found));
        } else {
            const auto factor = found.sure == certainty::unlikely ? stranger_patience : echoing ? echo_patience : 1;
            settle_until(later(now, settle() * factor));
        }
        return;
    }
}

void prompt_reader::finish(prompt_find found) {
    release(found.held);
    held_.clear();
    if (found.begin > 0) {
        output_.add(dialog_.terminal.line().substr(0, found.begin), false);
    }
    status_ = found.status;
    adopt_prompt(dialog_, std::move(found));
    dialog_.terminal.clear_line();
    outcome_ = outcome::prompt;
}

std::string prompt_reader::last_line() const {
    constexpr std::size_t longest = 160;
    auto line = dialog_.secrets.masked(dialog_.terminal.line());
    if (line.empty() && !held_.empty()) {
        line = dialog_.secrets.masked(held_.back());
    }
    if (line.size() > longest) {
        line = "…" + line.substr(line.size() - longest);
    }
    return line;
}

} // namespace ferrule::ssh
