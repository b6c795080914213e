// SPDX-License-Identifier: Apache-2.0
// From nothing to the first prompt.
#include "ssh/session/device_session.hpp"
#include "ssh/session/handshake.hpp"
#include "ssh/session/output_stream.hpp"

namespace ferrule::ssh {

namespace {

/// A message of the day may look like a prompt for a moment, so the first one has to prove itself longer.
constexpr nanoseconds login_settle_factor = 2;

} // namespace

sdk::task<sdk::result<std::vector<credential>>> device_session::fetch_credentials(const target& to,
                                                                                  sdk::time_ns deadline) {
    std::vector<credential> logins;
    for (const auto& each : to.hops) {
        if (each.credential.empty()) {
            co_return sdk::error("invalid_target", "No credential is given for " + each.name() + ".");
        }
        auto secret = co_await sdk::secret(each.credential, deadline);
        if (!secret) {
            co_return secret.error();
        }
        logins.push_back(credential::parse(secret->view()));
    }
    co_return logins;
}

void device_session::keep_secrets(std::vector<credential> logins) {
    for (auto& login : logins) {
        dialog_->secrets.add(login.password.view());
        dialog_->secrets.add(login.enable.view());
        dialog_->secrets.add(login.passphrase.view());
    }
    auto& device = logins.back();
    has_enable_ = !device.enable.empty();
    enable_ = std::move(device.enable);
    password_ = std::move(device.password);
}

sdk::task<sdk::result<void>> device_session::connect(target to) {
    const auto deadline = host().after(std::chrono::nanoseconds(to.connect_timeout));
    auto logins = co_await fetch_credentials(to, deadline);
    if (!logins) {
        co_return logins.error();
    }
    logins->back().username += dialog_->rules->username_suffix;
    connect_times times;
    times.connect = deadline;
    times.auth = to.auth_timeout;
    auto path = co_await with_->outers.way_to(*with_, to.hops, to.hops.size() - 1, *logins, times);
    if (!path) {
        co_return path.error();
    }
    auto connected = co_await handshake(*with_, to.device(), logins->back(), path->fd, std::move(path->carrier), times);
    if (!connected) {
        co_return connected.error();
    }
    link_ = *std::move(connected);
    keep_secrets(*std::move(logins));
    co_return co_await log_in(to);
}

sdk::task<sdk::result<void>> device_session::log_in(const target& to) {
    const auto& rules = *dialog_->rules;
    terminal_size size{to.terminal.value_or(rules.terminal), to.width.value_or(rules.width),
                       to.height.value_or(rules.height)};
    auto opened =
        co_await shell::open(link_, std::move(size), where_, host().after(std::chrono::nanoseconds(to.auth_timeout)));
    if (!opened) {
        co_return opened.error();
    }
    shell_ = *std::move(opened);
    shell_->on_change(&device_session::on_change, this);
    auto ready = co_await first_prompt(to.auth_timeout);
    if (ready && rules.own) {
        ready = co_await set_own_prompt(to.auth_timeout);
    }
    if (!ready) {
        co_return ready.error();
    }
    const auto wanted = to.mode.value_or(has_enable_ ? rules.default_mode : "");
    if (!wanted.empty()) {
        ready = co_await enter_mode(wanted, to.auth_timeout);
        if (!ready) {
            co_return ready.error();
        }
    }
    const std::vector<question> no_questions;
    for (const auto& line : rules.on_open) {
        const auto done = co_await run_line(line, no_questions, output::judge::beginning, to.auth_timeout);
        if (!done) {
            co_return done.error();
        }
        if (done->refusal) {
            host().debug("the device refused a line of on_open",
                         {{"device", where_}, {"line", line}, {"answer", *done->refusal}});
        }
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::first_prompt(nanoseconds patience) {
    const auto& rules = *dialog_->rules;
    expectation wanted;
    wanted.judge = output::judge::nothing;
    wanted.idle = patience;
    wanted.settle = rules.settle * login_settle_factor;
    arm(wanted.questions, rules.login_dialogs, false);
    arm(wanted.questions, rules.pager, true);
    prompt_reader reader(*dialog_, std::move(wanted), host().now());
    const auto done = co_await converse(reader, nullptr);
    if (!done) {
        const auto said = reader.out().take();
        if (done.error().code() == "session_lost" && !said.empty()) {
            co_return sdk::error("shell_refused",
                                 where_ + " ended the session right after the login, saying: " + said.substr(0, 400));
        }
        co_return done.error();
    }
    if (reader.state() == prompt_reader::outcome::silent) {
        co_return silence(reader.last_line(), "", patience);
    }
    if (reader.state() == prompt_reader::outcome::unanswered) {
        co_return *reader.problem();
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<void>> device_session::set_own_prompt(nanoseconds patience) {
    const auto& own = *dialog_->rules->own;
    dialog_->own_prompt = true;
    std::string bytes;
    for (const auto& line : own.lines) {
        bytes += line + dialog_->rules->line_return;
    }
    expectation wanted;
    wanted.judge = output::judge::nothing;
    wanted.idle = patience;
    shell_->take();
    dialog_->terminal.clear_line();
    shell_->send(bytes);
    prompt_reader reader(*dialog_, std::move(wanted), host().now());
    const auto done = co_await converse(reader, nullptr);
    if (!done) {
        co_return done.error();
    }
    if (reader.state() != prompt_reader::outcome::prompt) {
        co_return sdk::error("shell_refused", "The login shell on " + where_ +
                                                  " does not take the prompt that platform " + dialog_->rules->name +
                                                  " sets; it needs a POSIX shell. Its last line was '" +
                                                  reader.last_line() + "'.");
    }
    co_return sdk::ok();
}

} // namespace ferrule::ssh
