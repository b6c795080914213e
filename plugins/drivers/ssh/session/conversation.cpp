// SPDX-License-Identifier: Apache-2.0
// Sending a line and reading to the prompt.
#include "ssh/session/device_session.hpp"
#include "ssh/session/output_stream.hpp"
#include "ssh/text/wipe.hpp"

#include <iterator>
#include <type_traits>
#include <utility>

namespace ferrule::ssh {

namespace {

/// How long an interrupted device gets to show its prompt again.
constexpr nanoseconds recovery_time = 3 * second;

/// At least one.
std::vector<std::string> split_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    lines.push_back(text.substr(at));
    return lines;
}

} // namespace

sdk::error device_session::gone() const {
    return {"session_lost",
            "The connection to " + where_ + " ended" +
                (link_ != nullptr && !link_->error_text().empty() ? ": " + link_->error_text() : "") + ".",
            true};
}

std::optional<sdk::error> device_session::unusable() const {
    if (shell_ == nullptr || shell_->ended()) {
        return gone();
    }
    if (broken_) {
        return sdk::error("session_lost", "The session to " + where_ + " did not come back to a prompt before.", true);
    }
    return std::nullopt;
}

sdk::error device_session::silence(const std::string& last, const std::string& typed, nanoseconds idle) const {
    const auto after = typed.empty() ? std::string() : " after '" + dialog_->secrets.masked(typed) + "'";
    std::string text = where_ + " sent nothing for " + std::to_string(idle / millisecond) + " ms" + after;
    if (last.empty()) {
        text += "; raise the idle timeout if the command is slow.";
    } else {
        text += ", and its last line '" + last + "' is no prompt of platform " + dialog_->rules->name +
                ". If that is a question, answer it with prompts; if it is the prompt, set the option prompt.";
    }
    return {"prompt_timeout", std::move(text), true};
}

void device_session::arm(std::vector<armed_question>& to, const std::vector<question>& questions, bool pager) const {
    for (const auto& q : questions) {
        armed_question armed;
        armed.pattern = &q.pattern;
        armed.repeat = q.repeat;
        armed.secret = q.secret;
        armed.pager = pager;
        switch (q.answer) {
        case question::source::text:
            armed.reply = q.reply;
            break;
        case question::source::password:
            armed.reply = password_.view();
            armed.missing = password_.empty();
            break;
        case question::source::enable:
            armed.reply = enable_.view();
            armed.missing = !has_enable_;
            break;
        case question::source::fail:
            armed.fails = &q;
            break;
        }
        if (!q.bare) {
            armed.reply += dialog_->rules->line_return;
        }
        to.push_back(std::move(armed));
    }
}

expectation device_session::expect(std::string typed, const std::vector<question>& questions, nanoseconds idle) const {
    const auto& rules = *dialog_->rules;
    expectation wanted;
    auto lines = split_lines(typed);
    wanted.typed = std::move(lines.front());
    wanted.typed_after.assign(std::make_move_iterator(lines.begin() + 1), std::make_move_iterator(lines.end()));
    wanted.expect_echo = rules.echo != echo_kind::none;
    wanted.idle = idle;
    if (rules.two_phase && wanted.expect_echo && !wanted.typed.empty() && wanted.typed_after.empty()) {
        wanted.return_after_echo = rules.line_return;
    }
    arm(wanted.questions, questions, false);
    arm(wanted.questions, rules.pager, true);
    arm(wanted.questions, rules.confirm, false);
    return wanted;
}

void device_session::send_line(const expectation& wanted) {
    shell_->take(); // what came between two commands belongs to neither
    dialog_->terminal.clear_line();
    const auto& enter = dialog_->rules->line_return;
    std::string bytes = wanted.typed;
    if (wanted.return_after_echo.empty()) {
        bytes += enter;
    }
    for (const auto& line : wanted.typed_after) {
        bytes += line + enter;
    }
    shell_->send(bytes);
    wipe(bytes);
}

template <class Reader>
sdk::task<sdk::result<void>> device_session::converse(Reader& reader, output_stream* to) {
    for (;;) {
        auto now = host().now();
        if (shell_->has_input()) {
            const auto bytes = shell_->take();
            if (to != nullptr) {
                to->received(bytes, now);
            }
            reader.feed(bytes, now);
        }
        if (now >= reader.deadline()) {
            reader.tick(now);
        }
        if (reader.has_writes()) {
            shell_->send(reader.take_writes());
        }
        if constexpr (std::is_same_v<Reader, prompt_reader>) {
            if (to != nullptr && reader.out().has_text()) {
                to->cleaned(reader.out().take(), now);
            }
        }
        if (to != nullptr && to->must_interrupt(now)) {
            shell_->send(dialog_->rules->interrupt);
        }
        if (reader.state() != Reader::outcome::waiting) {
            if (to != nullptr) {
                to->finish(now);
            }
            co_return sdk::ok();
        }
        if (shell_->has_input()) {
            continue; // sending pulled it in
        }
        if (shell_->ended()) {
            lost_ = true; // the operation tells
            co_return gone();
        }
        const auto how = co_await link_->activity(reader.deadline());
        if (how == sdk::wait_status::cancelled) {
            broken_ = true;
            shell_->send(dialog_->rules->interrupt);
            co_return sdk::error::cancelled();
        }
        if (how == sdk::wait_status::timed_out) {
            link_->look();
        }
    }
}

template sdk::task<sdk::result<void>> device_session::converse(prompt_reader& reader, output_stream* to);
template sdk::task<sdk::result<void>> device_session::converse(config_reader& reader, output_stream* to);

sdk::task<> device_session::recover() {
    broken_ = true;
    if (shell_ == nullptr || shell_->ended()) {
        co_return;
    }
    shell_->take();
    dialog_->terminal.clear_line();
    shell_->send(dialog_->rules->interrupt + dialog_->rules->line_return);
    expectation wanted;
    wanted.judge = output::judge::nothing;
    wanted.idle = recovery_time;
    prompt_reader reader(*dialog_, std::move(wanted), host().now());
    const auto done = co_await converse(reader, nullptr);
    broken_ = !done || reader.state() != prompt_reader::outcome::prompt;
}

sdk::task<sdk::result<line_outcome>> device_session::run_line(std::string line, const std::vector<question>& questions,
                                                              output::judge judge, nanoseconds idle) {
    auto wanted = expect(std::move(line), questions, idle);
    wanted.judge = judge;
    const auto typed = wanted.typed;
    send_line(wanted);
    prompt_reader reader(*dialog_, std::move(wanted), host().now());
    const auto done = co_await converse(reader, nullptr);
    if (!done) {
        co_return done.error();
    }
    if (reader.state() == prompt_reader::outcome::silent) {
        broken_ = true;
        co_return silence(reader.last_line(), typed, idle);
    }
    if (reader.state() == prompt_reader::outcome::unanswered) {
        const auto problem = *reader.problem();
        co_await recover();
        co_return problem;
    }
    line_outcome outcome;
    outcome.output = reader.out().take();
    outcome.refusal = reader.out().refusal();
    outcome.exit_status = reader.exit_status();
    co_return outcome;
}

} // namespace ferrule::ssh
