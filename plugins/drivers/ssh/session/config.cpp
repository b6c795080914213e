// SPDX-License-Identifier: Apache-2.0
// Sending a block of configuration.
#include "ssh/session/device_session.hpp"

#include <algorithm>

namespace ferrule::ssh {

namespace {

/// A commit may take minutes without a word; the job's own time still bounds it.
constexpr nanoseconds commit_patience = 300 * second;

const std::vector<question> no_questions;

/// A line after a refused one may do harm, such as `shutdown` meant for an interface that does not exist. So several
/// are in flight only where nothing takes effect before the commit, or where the caller goes on after refusals anyway.
std::size_t window_for(const platform& rules, const exec_request& request, bool staged) {
    const bool harmless = (staged && !rules.config.abort.empty()) || !request.stop_on_error;
    const bool separable = rules.echo != echo_kind::none && !rules.two_phase && !rules.own && request.prompts.empty();
    const bool plain = std::ranges::none_of(request.config, [](const auto& line) {
        return line.find('\n') != std::string::npos || line.find_first_not_of(" \t") == std::string::npos;
    });
    return harmless && separable && plain ? rules.config.window : 1;
}

bool any_failed(const config_log& log) {
    return std::ranges::any_of(log, [](const config_line& line) { return line.failed.has_value(); });
}

} // namespace

sdk::task<sdk::reply> device_session::run_config(const exec_request& request) {
    config_log log;
    const auto done = co_await configure(request, log);
    if (!done) {
        co_return broken_off(done.error(), log);
    }
    co_return config_reply(log);
}

sdk::task<sdk::result<void>> device_session::configure(const exec_request& request, config_log& log) {
    const auto& rules = dialog_->rules->config;
    const auto home_mode = dialog_->mode;
    if (!rules.mode.empty()) {
        const auto there = co_await enter_mode(rules.mode, request.idle);
        if (!there) {
            co_return there.error();
        }
    }
    for (const auto& line : rules.enter) {
        const auto done = co_await run_line(line, no_questions, output::judge::every_line, request.idle);
        if (!done) {
            co_return done.error();
        }
        if (done->refusal) {
            co_return sdk::error("command_rejected", "The device refused '" + line + "': " + *done->refusal);
        }
    }
    const bool staged = rules.staged(dialog_->prompt);
    const auto sent = co_await send_config(request, window_for(*dialog_->rules, request, staged), log);
    if (!sent) {
        co_return sent.error();
    }
    if (staged) {
        const auto settled = co_await commit(request, log);
        if (!settled) {
            co_return settled.error();
        }
    }
    const auto left = co_await leave_config(home_mode, request.idle);
    if (!left) {
        broken_ = true; // what was asked is done; only this session is of no more use
        host().debug("the session did not come back from configuration",
                     {{"device", where_}, {"why", left.error().message()}});
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::send_config(const exec_request& request, std::size_t window,
                                                         config_log& log) {
    const auto done = co_await send_config_lines(request, window, log);
    while (log.size() < request.config.size()) { // none where all went well
        auto& line = log.emplace_back();
        line.command = dialog_->secrets.masked(request.config[log.size() - 1]);
        line.skipped = true;
    }
    co_return done;
}

sdk::task<sdk::result<void>> device_session::send_config_lines(const exec_request& request, std::size_t window,
                                                               config_log& log) {
    if (window > 1) {
        co_return co_await send_config_window(request, window, log);
    }
    for (const auto& line : request.config) {
        const auto done = co_await run_logged(line, request.prompts, output::judge::every_line, request.idle, log);
        if (!done) {
            co_return done.error();
        }
        if (log.back().failed && request.stop_on_error) {
            break;
        }
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::send_config_window(const exec_request& request, std::size_t window,
                                                                config_log& log) {
    config_plan plan;
    plan.lines = request.config;
    plan.window = window;
    plan.stop_on_error = request.stop_on_error;
    plan.idle = request.idle;
    shell_->take();
    dialog_->terminal.clear_line();
    config_reader reader(*dialog_, std::move(plan), host().now());
    const auto done = co_await converse(reader, nullptr);
    std::optional<sdk::error> broken;
    if (!done) {
        broken = done.error();
    } else if (reader.state() == config_reader::outcome::silent) {
        broken_ = true;
        broken = silence(reader.last_line(), reader.current(), request.idle);
    }
    const auto sent = reader.sent();
    for (auto& answer : reader.take_answers()) {
        auto& line = log.emplace_back();
        line.command = dialog_->secrets.masked(request.config[log.size() - 1]);
        line.output = std::move(answer.output);
        line.skipped = answer.skipped;
        if (answer.refusal) {
            line.failed = rejected(line.command, *answer.refusal);
        }
    }
    if (!broken) {
        co_return sdk::ok();
    }
    while (log.size() < sent) { // they were in flight: what came of them is not known
        auto& line = log.emplace_back();
        line.command = dialog_->secrets.masked(request.config[log.size() - 1]);
        line.failed = *broken;
    }
    co_return *broken;
}

/// A refused commit leaves nothing behind, and neither does a block of which a line was refused.
sdk::task<sdk::result<void>> device_session::commit(const exec_request& request, config_log& log) {
    const auto& rules = dialog_->rules->config;
    bool undo = request.stop_on_error && any_failed(log);
    if (undo && rules.abort.empty()) {
        co_return sdk::ok();
    }
    if (!undo) {
        const auto patience = std::max(request.idle, commit_patience);
        for (const auto& line : rules.commit) {
            const auto done = co_await run_logged(line, request.prompts, output::judge::every_line, patience, log);
            if (!done) {
                co_return done.error();
            }
            undo = log.back().failed.has_value();
            if (undo) {
                break;
            }
        }
    }
    if (!undo) {
        co_return sdk::ok();
    }
    for (const auto& line : rules.abort) {
        const auto done = co_await run_logged(line, no_questions, output::judge::nothing, request.idle, log);
        if (!done) {
            co_return done.error();
        }
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::leave_config(std::size_t home_mode, nanoseconds idle) {
    for (const auto& line : dialog_->rules->config.exit) {
        const auto done = co_await run_line(line, no_questions, output::judge::nothing, idle);
        if (!done) {
            co_return done.error();
        }
    }
    if (home_mode == platform::npos) {
        co_return sdk::ok();
    }
    co_return co_await enter_mode(dialog_->rules->modes[home_mode].name, idle);
}

/// Runs a line and writes down what came of it; when that is not known, why.
sdk::task<sdk::result<void>> device_session::run_logged(std::string text, const std::vector<question>& questions,
                                                        output::judge judge, nanoseconds idle, config_log& log) {
    auto done = co_await run_line(text, questions, judge, idle);
    auto& line = log.emplace_back();
    line.command = dialog_->secrets.masked(text);
    if (!done) {
        line.failed = done.error();
        co_return done.error();
    }
    line.output = std::move(done->output);
    if (done->refusal) {
        line.failed = rejected(line.command, *done->refusal);
    } else if (done->exit_status > 0 && judge != output::judge::nothing) {
        line.failed = ended_badly(line.command, done->exit_status);
    }
    co_return sdk::ok();
}

} // namespace ferrule::ssh
