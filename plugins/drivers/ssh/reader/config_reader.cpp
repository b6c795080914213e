// SPDX-License-Identifier: Apache-2.0
#include "ssh/reader/config_reader.hpp"

#include "ssh/reader/echo.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

constexpr nanoseconds never = ~nanoseconds{0};

nanoseconds later(nanoseconds now, nanoseconds span) noexcept {
    return span > never - now ? never : now + span;
}

} // namespace

config_reader::config_reader(dialog& state, config_plan plan, nanoseconds now)
    : dialog_(state)
    , plan_(std::move(plan))
    , heard_at_(now)
    , settle_at_(never) {
    output_.emplace(dialog_, output::judge::every_line);
    send_more();
    if (plan_.lines.empty()) {
        outcome_ = outcome::done;
    }
}

nanoseconds config_reader::deadline() const noexcept {
    return outcome_ != outcome::waiting ? never : std::min(settle_at_, later(heard_at_, plan_.idle));
}

void config_reader::send_more() {
    while (!stopped_ && sent_ < plan_.lines.size() && sent_ - current_ < plan_.window) {
        writes_ += plan_.lines[sent_++] + dialog_.rules->line_return;
    }
}

void config_reader::feed(std::string_view bytes, nanoseconds now) {
    if (outcome_ != outcome::waiting || bytes.empty()) {
        return;
    }
    heard_at_ = now;
    settle_at_ = never;
    settled_ = false;
    dialog_.terminal.feed(bytes, *this);
    writes_ += dialog_.terminal.replies();
    dialog_.terminal.clear_replies();
    examine(now);
}

void config_reader::tick(nanoseconds now) {
    if (outcome_ != outcome::waiting) {
        return;
    }
    if (now >= settle_at_) {
        settle_at_ = never;
        settled_ = true;
        examine(now);
    }
    if (outcome_ == outcome::waiting && now >= later(heard_at_, plan_.idle)) {
        outcome_ = outcome::silent;
    }
}

void config_reader::on_line(std::string_view line, bool ended) {
    if (in_echo_) {
        in_echo_ = false;
        if (is_echo(line, plan_.lines[current_], dialog_.rules->echo)) {
            return;
        }
    }
    if (begins_next(line) || early_echo(line)) {
        return;
    }
    if (!ended || dialog_.rules->prompt_lines == 1) {
        output_->add(line, ended);
        return;
    }
    held_.emplace_back(line);
    while (held_.size() > dialog_.rules->prompt_lines - 1) {
        output_->add(held_.front(), true);
        held_.erase(held_.begin());
    }
}

/// A prompt with the echo of the next line after it ends the current answer.
bool config_reader::begins_next(std::string_view line) {
    if (current_ + 1 >= sent_) {
        return false;
    }
    const auto next = trimmed_end(plan_.lines[current_ + 1]);
    const auto seen = trimmed_end(line);
    if (seen.size() <= next.size() || !seen.ends_with(next)) {
        return false;
    }
    auto found = find_prompt(dialog_, held_, seen.substr(0, seen.size() - next.size()));
    if (found.sure == certainty::none) {
        return false;
    }
    const auto prompt_lines = found.held;
    adopt_prompt(dialog_, std::move(found));
    end_answer(prompt_lines);
    in_echo_ = false;
    return true;
}

/// While a device executes, its terminal may echo what it will only read later, and echo it again then.
bool config_reader::early_echo(std::string_view line) const {
    const auto seen = trimmed_end(line);
    return !seen.empty() &&
           std::any_of(plan_.lines.begin() + static_cast<std::ptrdiff_t>(current_ + 1),
                       plan_.lines.begin() + static_cast<std::ptrdiff_t>(std::max(sent_, current_ + 1)),
                       [&](const std::string& flying) { return trimmed_end(flying) == seen; });
}

void config_reader::end_answer(std::size_t prompt_lines) {
    for (std::size_t i = 0; i + prompt_lines < held_.size(); ++i) {
        output_->add(held_[i], true);
    }
    held_.clear();
    config_answer answer;
    answer.output = output_->take();
    answer.refusal = output_->refusal();
    stopped_ = stopped_ || (answer.refusal && plan_.stop_on_error);
    answers_.push_back(std::move(answer));
    output_.emplace(dialog_, output::judge::every_line);
    ++current_;
    send_more();
}

void config_reader::examine(nanoseconds now) {
    const auto line = dialog_.terminal.line();
    if (line.empty() || current_ + 1 != sent_ || (in_echo_ && may_become_echo(line, plan_.lines[current_]))) {
        return;
    }
    auto found = find_prompt(dialog_, held_, line);
    if (found.sure == certainty::none) {
        return;
    }
    if (!settled_ && (in_echo_ || found.sure != certainty::sure)) {
        settle_at_ = later(now, dialog_.rules->settle * (in_echo_ ? 4 : 1));
        return;
    }
    const auto prompt_lines = found.held;
    adopt_prompt(dialog_, std::move(found));
    dialog_.terminal.clear_line();
    in_echo_ = true; // the next line, if any, meets a prompt that is already there
    settled_ = false;
    end_answer(prompt_lines);
    if (current_ == sent_) {
        outcome_ = outcome::done;
        while (answers_.size() < plan_.lines.size()) {
            answers_.emplace_back().skipped = true;
        }
    }
}

} // namespace ferrule::ssh
