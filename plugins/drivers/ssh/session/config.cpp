// SPDX-License-Identifier: Apache-2.0
// Sending a block of configuration.
#include "ssh/session/device_session.hpp"
#include "ssh/session/replies.hpp"

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
            co_return refused_reply(sdk::error("command_rejected", "The device refused '" + line + "': " + *done->refusal));
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

sdk::task<sdk::result<void>> device_session::run_config_lines(const exec_request& request,
                                                              std::vector<line_outcome>& outcomes) {
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

} // namespace ferrule::ssh
