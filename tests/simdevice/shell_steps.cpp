// What each step of a shell does when its turn has come.
#include "simdevice/shell.hpp"
#include "simdevice/text.hpp"

#include <algorithm>
#include <array>

namespace ferrule::simdevice {

namespace {

std::string erasure(const pager_spec& pager) {
    const auto length = pager.text.size();
    const std::string blanks(length, ' ');
    const std::string back(length, '\b');
    const std::string left = "\x1b[" + std::to_string(length) + "D";
    switch (pager.erase) {
    case pager_spec::erase_kind::backspace:
        return back + blanks + back;
    case pager_spec::erase_kind::carriage_return:
        return "\r" + blanks + "\r";
    case pager_spec::erase_kind::cursor_left:
        return left + blanks + left;
    case pager_spec::erase_kind::none:
        break;
    }
    return "\r\n";
}

} // namespace

shell::maybe_outcome shell::run(say_step& say, std::string& out, std::size_t) {
    out += say.text;
    steps_.pop_front();
    return std::nullopt;
}

shell::maybe_outcome shell::run(pause_step& pause, std::string&, std::size_t) {
    const auto length = pause.length;
    steps_.pop_front();
    return wait(length);
}

shell::maybe_outcome shell::run(output_step& output, std::string& out, std::size_t end) {
    if (output.at_pager && !answer_pager(output, out)) {
        return shell_outcome{shell_outcome::what::input};
    }
    if (output.source.done()) {
        steps_.pop_front();
        return std::nullopt;
    }
    auto room = end - out.size();
    if (output.chunk != 0) {
        room = std::min(room, output.chunk);
    }
    if (output.paged) {
        output.lines_left -= output.source.take(out, room, output.lines_left);
        if (output.lines_left == 0 && !output.source.done()) {
            output.at_pager = true;
            out += pager_.text;
            return std::nullopt;
        }
    } else {
        output.source.take(out, room);
    }
    if (output.chunk == 0) {
        return std::nullopt;
    }
    if (output.chunk_delay.count() > 0 && !output.source.done()) {
        return wait(output.chunk_delay);
    }
    return shell_outcome{shell_outcome::what::flush};
}

bool shell::answer_pager(output_step& output, std::string& out) {
    const auto key = input_.read_key();
    if (!key) {
        return false;
    }
    output.at_pager = false;
    out += erasure(pager_);
    if (*key == 'q' || *key == 'Q') {
        output.source = output_source();
    }
    output.lines_left = *key == '\r' || *key == '\n' ? 1 : pager_.lines;
    return true;
}

bool shell::read_reply(const ask_spec& ask, std::string& out, std::string& reply) {
    if (ask.single_key) {
        const auto key = input_.read_key();
        reply.assign(key ? 1 : 0, key.value_or('\0'));
        out += key && !ask.secret ? reply + "\r\n" : "";
        return key.has_value();
    }
    auto shown = style();
    shown.visible = !ask.secret;
    const auto line = input_.read_line(shown, out);
    reply = line.value_or("");
    return line.has_value();
}

shell::maybe_outcome shell::run(ask_step& ask, std::string& out, std::size_t) {
    const auto& question = *ask.ask;
    if (!ask.asked) {
        ask.asked = true;
        out += filled(question.prompt, {});
    }
    std::string reply;
    if (!read_reply(question, out, reply)) {
        return shell_outcome{shell_outcome::what::input};
    }
    journal_.received(seat_.session, entry_kind::reply, mode_, question.secret ? "***" : reply);
    if (!question.expect || reply == *question.expect) {
        out += filled(question.say, {});
        steps_.pop_front();
        return std::nullopt;
    }
    out += filled(question.otherwise, {});
    ask.asked = false;
    if (++ask.wrong >= question.attempts) {
        steps_.clear();
        last_status_ = 1;
        if (question.disconnect) {
            steps_.push_back(end_step{ending::close});
        } else {
            queue_finish();
        }
    }
    return std::nullopt;
}

shell::maybe_outcome shell::run(apply_step& apply, std::string&, std::size_t) {
    const auto found = std::move(apply.found);
    steps_.pop_front();
    const auto& spec = found.what->spec;
    apply_effect(found);
    if (spec.drop_after || spec.then != ending::prompt) {
        steps_.clear();
        steps_.push_front(end_step{spec.drop_after ? ending::drop : spec.then});
    }
    const bool plain = !has_placeholders(spec.output);
    if (spec.output.empty() && spec.generate == 0 && !spec.endless) {
        return std::nullopt;
    }
    output_step output;
    output.source = output_source(plain ? std::string_view(spec.output) : std::string_view(), spec.generate,
                                  spec.endless, spec.drop_after);
    if (!plain) {
        output.source.put_first(filled(spec.output, found));
    }
    output.chunk = spec.chunk;
    output.chunk_delay = spec.chunk_delay;
    output.paged = pager_.lines > 0;
    output.lines_left = pager_.lines;
    steps_.push_front(std::move(output));
    return std::nullopt;
}

void shell::apply_effect(const found_rule& found) {
    const auto& spec = found.what->spec;
    last_status_ = found.groups.front() == "echo $?" ? last_status_ : spec.exit_status;
    if (!spec.set_hostname.empty()) {
        state_.set_hostname(filled(spec.set_hostname, found));
    }
    if (!spec.set_view.empty()) {
        view_ = filled(spec.set_view, found);
        view_.erase(std::remove(view_.begin(), view_.end(), ' '), view_.end());
    }
    if (!spec.to_mode.empty()) {
        mode_ = spec.to_mode;
    }
    switch (spec.effect) {
    case command_spec::effect_kind::none:
        break;
    case command_spec::effect_kind::pager_on:
        pager_.lines = program_.spec().pager.value_or(pager_spec{}).lines;
        break;
    case command_spec::effect_kind::pager_off:
        pager_.lines = 0;
        break;
    case command_spec::effect_kind::echo_on:
    case command_spec::effect_kind::echo_off:
        echo_ = spec.effect == command_spec::effect_kind::echo_on;
        break;
    case command_spec::effect_kind::set_prompt:
        own_prompt_ = unquote_word(found.groups.size() > 1 ? found.groups[1] : found.groups[0]);
        break;
    }
}

shell::maybe_outcome shell::run(end_step& last, std::string&, std::size_t) {
    const auto how = last.how;
    steps_.pop_front();
    switch (how) {
    case ending::drop:
        return shell_outcome{shell_outcome::what::drop};
    case ending::reset:
        return shell_outcome{shell_outcome::what::reset};
    case ending::close:
        return shell_outcome{shell_outcome::what::close, milliseconds{0}, 0, last_status_};
    case ending::hang:
    case ending::prompt:
        break;
    }
    hung_ = true;
    input_.discard();
    return std::nullopt;
}

shell::maybe_outcome shell::run(prompt_step&, std::string& out, std::size_t) {
    steps_.pop_front();
    const auto prompt = prompt_text();
    out += prompt;
    const auto last_line = prompt.rfind('\n');
    input_.set_column(last_line == std::string::npos ? prompt.size() : prompt.size() - last_line - 1);
    if (commands_ > 0 && commands_ == program_.spec().close_after_commands) {
        steps_.push_back(end_step{ending::drop});
    }
    return std::nullopt;
}

} // namespace ferrule::simdevice
