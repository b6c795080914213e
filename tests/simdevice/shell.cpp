#include "simdevice/shell.hpp"

#include "simdevice/text.hpp"

namespace ferrule::simdevice {

shell::shell(const program& script, device_state& state, journal& record, shell_seat seat)
    : program_(script)
    , state_(state)
    , journal_(record)
    , seat_(std::move(seat))
    , mode_(script.start_mode())
    , pager_(script.spec().pager.value_or(pager_spec{})) {
    // A Unix shell without a terminal neither echoes nor prompts; network devices do both all the same.
    if (script.spec().kind == flavour::linux_shell && !seat_.pty) {
        echo_ = false;
        own_prompt_ = "";
    }
}

void shell::start() {
    const auto& spec = program_.spec();
    if (spec.shell == shell_kind::hung) {
        hung_ = true;
        return;
    }
    if (spec.prompt_delay.count() > 0) {
        steps_.push_back(pause_step{spec.prompt_delay});
    }
    if (!spec.motd.empty()) {
        steps_.push_back(say_step{filled(spec.motd, {})});
    }
    for (const auto& ask : spec.login_dialog) {
        steps_.push_back(ask_step{&ask});
    }
    steps_.push_back(prompt_step{});
}

void shell::start_exec(const std::string& command) {
    interactive_ = false;
    echo_ = false;
    pager_.lines = 0;
    journal_.received(seat_.session, entry_kind::exec, mode_, command);
    ++commands_;
    queue(command);
    queue_finish();
}

void shell::feed(std::string_view bytes) {
    if (hung_) {
        return;
    }
    input_.feed(bytes);
    if (bytes.find('\x03') != std::string_view::npos && input_.take_interrupt()) {
        interrupt();
    }
}

void shell::interrupt() {
    steps_.clear();
    waiting_ = false;
    if (interactive_) {
        steps_.push_back(say_step{echo_ ? "^C\r\n" : "\r\n"});
    }
    queue_finish();
}

shell_outcome shell::advance(std::string& out, std::size_t room) {
    const auto end = out.size() + room;
    while (!hung_) {
        if (waiting_) {
            return {shell_outcome::what::waiting};
        }
        if (out.size() >= end) {
            return {shell_outcome::what::flush};
        }
        if (steps_.empty()) {
            if (!read_command(out)) {
                break;
            }
            continue;
        }
        const auto outcome = std::visit([&](auto& current) { return run(current, out, end); }, steps_.front());
        if (outcome) {
            return *outcome;
        }
    }
    return {shell_outcome::what::input};
}

void shell::resume(std::uint64_t wait_id) {
    if (wait_id == wait_id_) {
        waiting_ = false;
    }
}

shell::maybe_outcome shell::wait(milliseconds length) {
    waiting_ = true;
    return shell_outcome{shell_outcome::what::wait, length, ++wait_id_};
}

echo_style shell::style() const {
    const auto& spec = program_.spec();
    const auto width = spec.width == 0 ? seat_.width : spec.width;
    return {echo_ ? spec.echo : echo_kind::none, true, width};
}

bool shell::read_command(std::string& out) {
    std::string echo;
    const auto style_now = style();
    const bool delayed = style_now.kind == echo_kind::delayed;
    const auto line = input_.read_line(style_now, delayed ? echo : out);
    if (delayed && !echo.empty()) {
        steps_.push_back(pause_step{program_.spec().echo_delay});
        steps_.push_back(say_step{std::move(echo)});
    }
    if (line) {
        accept(*line);
    }
    return line || !steps_.empty();
}

void shell::accept(const std::string& line) {
    const auto command = std::string(trimmed(line));
    if (command.empty()) {
        journal_.returned(seat_.session);
        steps_.push_back(prompt_step{});
        return;
    }
    journal_.received(seat_.session, entry_kind::command, mode_, command == "\x1a" ? "^Z" : command);
    ++commands_;
    if (commands_ == program_.spec().drop_on_command) {
        steps_.push_back(end_step{ending::drop});
        return;
    }
    queue(command);
    queue_finish();
}

void shell::queue(const std::string& command) {
    if (program_.spec().kind == flavour::linux_shell && !program_.has_exact(command)) {
        if (const auto parts = split_sequence(command); parts.size() > 1) {
            for (const auto& part : parts) {
                queue(part);
            }
            return;
        }
    }
    auto found = program_.find(mode_, command, state_);
    if (found.what != nullptr) {
        const auto& spec = found.what->spec;
        if (spec.delay.count() > 0) {
            steps_.push_back(pause_step{spec.delay});
        }
        for (const auto& ask : spec.ask) {
            steps_.push_back(ask_step{&ask});
        }
        steps_.push_back(apply_step{std::move(found)});
        return;
    }
    const auto& mode = program_.mode(mode_);
    if (!mode.accepts_anything || program_.rejects(command)) {
        last_status_ = program_.spec().kind == flavour::linux_shell ? 127 : 1;
        found.groups.push_back(command);
        steps_.push_back(say_step{filled(mode.unknown, found)});
    }
}

void shell::queue_finish() {
    if (interactive_) {
        steps_.push_back(prompt_step{});
    } else {
        steps_.push_back(end_step{ending::close});
    }
}

std::string shell::filled(std::string_view text, const found_rule& found) const {
    if (!has_placeholders(text)) {
        return std::string(text);
    }
    return expand(text, [&](std::string_view name) -> std::optional<std::string> {
        if (name == "hostname") {
            return state_.hostname();
        }
        if (name == "user") {
            return seat_.user;
        }
        if (name == "view") {
            return view_;
        }
        if (name == "device") {
            return program_.spec().name;
        }
        if (name == "status") {
            return std::to_string(last_status_);
        }
        if (name == "count") {
            return std::to_string(commands_);
        }
        if (name == "session") {
            return std::to_string(seat_.session);
        }
        if (name == "indent") {
            return std::string(prompt_text().size(), ' ');
        }
        if (name == "command" && !found.groups.empty()) {
            return found.groups.front();
        }
        if (name == "word" && !found.groups.empty()) {
            return found.groups.front().substr(0, found.groups.front().find(' '));
        }
        if (name == "rest") {
            return found.groups.size() > 1 ? found.groups[1] : std::string();
        }
        if (name.size() == 1 && name[0] >= '0' && name[0] <= '9') {
            const auto group = static_cast<std::size_t>(name[0] - '0');
            return group < found.groups.size() ? found.groups[group] : std::string();
        }
        return std::nullopt;
    });
}

std::string shell::prompt_text() const {
    if (own_prompt_) {
        auto text = *own_prompt_; // as a shell does, the exit status of the last command is put in
        if (const auto at = text.find("$?"); at != std::string::npos) {
            text.replace(at, 2, std::to_string(last_status_));
        }
        return text;
    }
    return filled(program_.mode(mode_).prompt, {});
}

} // namespace ferrule::simdevice
