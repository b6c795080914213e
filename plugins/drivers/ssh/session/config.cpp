// SPDX-License-Identifier: Apache-2.0
// Sending a block of configuration.
#include "ssh/session/device_session.hpp"
#include "ssh/session/replies.hpp"

#include <algorithm>

namespace ferrule::ssh {

sdk::task<sdk::reply> device_session::run_config(const exec_request& request) {
    const auto& rules = dialog_->rules->config;
    const std::vector<question> no_questions;
    const auto home_mode = dialog_->mode;
    if (!rules.mode.empty()) {
        const auto there = co_await enter_mode(rules.mode, request.idle);
        if (!there) {
            co_return there.error();
        }
    }
    std::vector<std::pair<std::string, line_outcome>> all;
    bool refused = false;
    // One step: a line, sent unless an earlier one was refused.
    for (const auto& line : rules.enter) {
        auto done = co_await run_line(line, no_questions, output::judge::every_line, request.idle);
        if (!done) {
            co_return done.error();
        }
        if (done->refusal) {
            co_return refused_reply(
                sdk::error("command_rejected", "The device refused '" + line + "': " + *done->refusal));
        }
    }
    std::vector<line_outcome> outcomes;
    const auto sent = co_await run_config_lines(request, outcomes);
    if (!sent) {
        co_return sent.error();
    }
    for (std::size_t i = 0; i < request.config.size(); ++i) {
        refused = refused || outcomes[i].refusal.has_value();
        all.emplace_back(dialog_->secrets.masked(request.config[i]), std::move(outcomes[i]));
    }
    const bool undo = refused && request.stop_on_error && rules.transactional();
    for (const auto& line : undo ? rules.abort : rules.commit) {
        auto done = co_await run_line(line, request.prompts, output::judge::every_line, request.idle);
        if (!done) {
            co_return done.error();
        }
        const bool failed = done->refusal.has_value();
        refused = refused || failed;
        all.emplace_back(line, *std::move(done));
        if (failed) {
            break;
        }
    }
    if (refused && !undo && rules.transactional()) {
        for (const auto& line : rules.abort) { // a refused commit leaves nothing behind
            auto done = co_await run_line(line, no_questions, output::judge::nothing, request.idle);
            if (!done) {
                co_return done.error();
            }
            all.emplace_back(line, *std::move(done));
        }
    }
    for (const auto& line : rules.exit) {
        const auto done = co_await run_line(line, no_questions, output::judge::nothing, request.idle);
        if (!done) {
            co_return done.error();
        }
    }
    if (home_mode != platform::npos && dialog_->mode != home_mode && has_enable_) {
        const auto back = co_await enter_mode(dialog_->rules->modes[home_mode].name, request.idle);
        if (!back) {
            host().debug("the session stays in another mode after configuration", {{"device", where_}});
        }
    }
    co_return config_reply(all);
}

namespace {

/// A line after a refused one may do harm, such as `shutdown` meant for an interface that does not exist. So several
/// are in flight only where nothing takes effect before the commit, or where the caller goes on after refusals anyway.
std::size_t window_for(const platform& rules, const exec_request& request) {
    const bool harmless = rules.config.transactional() || !request.stop_on_error;
    const bool separable = rules.echo != echo_kind::none && !rules.two_phase && request.prompts.empty();
    const bool plain = std::ranges::none_of(request.config, [](const auto& line) {
        return line.find('\n') != std::string::npos || line.find_first_not_of(" \t") == std::string::npos;
    });
    return harmless && separable && plain ? rules.config.window : 1;
}

} // namespace

sdk::task<sdk::result<void>> device_session::run_config_lines(const exec_request& request,
                                                              std::vector<line_outcome>& outcomes) {
    const auto window = window_for(*dialog_->rules, request);
    if (window > 1) {
        co_return co_await run_config_window(request, window, outcomes);
    }
    bool stop = false;
    for (const auto& line : request.config) {
        if (stop) {
            line_outcome skipped;
            skipped.skipped = true;
            outcomes.push_back(std::move(skipped));
            continue;
        }
        auto done = co_await run_line(line, request.prompts, output::judge::every_line, request.idle);
        if (!done) {
            co_return done.error();
        }
        stop = done->refusal.has_value() && request.stop_on_error;
        outcomes.push_back(*std::move(done));
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::run_config_window(const exec_request& request, std::size_t window,
                                                               std::vector<line_outcome>& outcomes) {
    config_plan plan;
    plan.lines = request.config;
    plan.window = window;
    plan.stop_on_error = request.stop_on_error;
    plan.idle = request.idle;
    shell_->take();
    dialog_->terminal.clear_line();
    config_reader reader(*dialog_, std::move(plan), host().now());
    const auto done = co_await converse(reader, nullptr);
    if (!done) {
        co_return done.error();
    }
    if (reader.state() == config_reader::outcome::silent) {
        broken_ = true;
        co_return silence(reader.last_line(), reader.current(), request.idle);
    }
    for (auto& answer : reader.take_answers()) {
        line_outcome outcome;
        outcome.output = std::move(answer.output);
        outcome.refusal = std::move(answer.refusal);
        outcome.warnings = std::move(answer.warnings);
        outcome.skipped = answer.skipped;
        outcomes.push_back(std::move(outcome));
    }
    co_return sdk::ok();
}

} // namespace ferrule::ssh
