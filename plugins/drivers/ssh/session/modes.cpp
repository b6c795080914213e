// SPDX-License-Identifier: Apache-2.0
// Going from one mode of the command line to another.
#include "ssh/platform/mode_path.hpp"
#include "ssh/session/device_session.hpp"

namespace ferrule::ssh {

namespace {

constexpr int most_steps = 8;

/// A refused or unanswered password on the way up is a matter of the enable secret.
sdk::error enable_error(const sdk::error& why, const std::string& where, const std::string& mode, bool has_secret) {
    if (why.code() == "secret_refused") {
        return {"enable_failed", where + " refused the enable secret for mode '" + mode +
                                     "': correct enable_password in the "
                                     "credential."};
    }
    if (why.code() == "login_dialog" && !has_secret) {
        return {"enable_failed",
                where + " asks for a secret to enter mode '" + mode + "', and the credential has no enable_password."};
    }
    return why;
}

} // namespace

sdk::task<sdk::result<void>> device_session::enter_mode(std::string name, nanoseconds idle) {
    const auto& rules = *dialog_->rules;
    const auto wanted = rules.mode_named(name);
    if (wanted == platform::npos) {
        co_return sdk::error("invalid_request", "Platform " + rules.name + " has no mode '" + name + "'.");
    }
    for (int step = 0; step < most_steps; ++step) {
        if (dialog_->mode == wanted) {
            co_return sdk::ok();
        }
        const auto next = next_mode(rules, dialog_->mode, wanted);
        if (next == platform::npos) {
            co_return sdk::error("mode_unreachable", "From the prompt '" + dialog_->prompt + "' no way to mode '" +
                                                         name + "' is known on platform " + rules.name + ".");
        }
        const auto before = dialog_->mode;
        const auto& way = rules.modes[before].to.find(rules.modes[next].name)->second;
        const auto gone_there = co_await take_way(way, rules.modes[next].name, idle);
        if (!gone_there) {
            co_return gone_there.error();
        }
        if (dialog_->mode == before) {
            co_return sdk::error(has_enable_ ? "enable_failed" : "mode_unreachable",
                                 where_ + " stays at the prompt '" + dialog_->prompt + "' instead of going to mode '" +
                                     rules.modes[next].name + "': is the account allowed to?");
        }
    }
    co_return sdk::error("mode_unreachable", where_ + " does not reach mode '" + name + "'.");
}

sdk::task<sdk::result<void>> device_session::take_way(const dialogue& way, std::string to, nanoseconds idle) {
    for (const auto& line : way.lines) {
        const auto done = co_await run_line(line, way.questions, output::judge::every_line, idle);
        if (!done) {
            co_return enable_error(done.error(), where_, to, has_enable_);
        }
        if (done->refusal) {
            co_return sdk::error("enable_failed",
                                 where_ + " refused '" + line + "' on the way to mode '" + to + "': " + *done->refusal);
        }
    }
    co_return sdk::ok();
}

} // namespace ferrule::ssh
