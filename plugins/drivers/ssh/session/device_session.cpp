// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/device_session.hpp"

#include <ferrule/sdk/timer.hpp>

#include <chrono>

namespace ferrule::ssh {

namespace {

constexpr std::chrono::milliseconds goodbye_limit{300};

} // namespace

/// Says that an operation runs, so that what arrives is its business.
class device_session::busy_mark {
  public:
    explicit busy_mark(device_session& of)
        : of_(of) {
        of_.busy_ = true;
    }

    busy_mark(const busy_mark&) = delete;
    busy_mark& operator=(const busy_mark&) = delete;

    ~busy_mark() {
        of_.busy_ = false;
        of_.rest();
    }

  private:
    device_session& of_;
};

device_session::device_session(std::shared_ptr<services> with)
    : with_(std::move(with)) {}

device_session::~device_session() = default;

sdk::task<sdk::reply> device_session::open(std::string_view text, sdk::call&) {
    auto to = target::parse(text, with_->defaults);
    where_ = to.device().name();
    auto rules = with_->platforms.get(to.platform_json);
    if (!rules) {
        co_return rules.error();
    }
    dialog_ =
        std::make_unique<dialog>(*rules, to.width.value_or((*rules)->width), to.height.value_or((*rules)->height));
    if (!to.redact) {
        dialog_->secrets = redactor();
    }
    if (to.prompt) {
        auto pattern = regex::compile(*to.prompt);
        if (!pattern) {
            co_return pattern.error();
        }
        prompt_override_ = std::make_unique<regex>(*std::move(pattern));
        dialog_->prompt_override = prompt_override_.get();
    }
    keepalive_interval_ = to.keepalive;
    const busy_mark busy(*this);
    const auto connected = co_await connect(std::move(to));
    if (!connected) {
        keepalive_.reset();
        shell_.reset();
        link_.reset();
        co_return connected.error();
    }
    start_keepalive();
    sdk::json_object reply;
    reply.add("prompt", dialog_->prompt);
    if (char* banner = ssh_get_issue_banner(link_->raw()); banner != nullptr) {
        reply.add("banner", banner);
        ssh_string_free_char(banner);
    }
    if (const char* version = ssh_get_serverbanner(link_->raw()); version != nullptr) {
        reply.add_json("details", sdk::json_object().add("ssh_version", version).text());
    }
    co_return reply.text();
}

sdk::task<sdk::reply> device_session::exec(std::string_view text, sdk::call& c) {
    if (auto dead = unusable()) {
        co_return *std::move(dead);
    }
    const auto request = exec_request::parse(text);
    const busy_mark busy(*this);
    for (const auto& q : request.prompts) {
        if (q.secret) {
            dialog_->secrets.add(q.reply);
        }
    }
    if (request.command) {
        co_return co_await run_command(request, c);
    }
    co_return co_await run_config(request);
}

sdk::task<sdk::reply> device_session::keepalive(sdk::call&) {
    if (auto dead = unusable()) {
        co_return *std::move(dead);
    }
    const busy_mark busy(*this);
    const std::vector<question> no_questions;
    const auto done = co_await run_line(dialog_->rules->probe, no_questions, output::judge::nothing,
                                        dialog_->rules->keepalive_timeout);
    if (!done) {
        co_return done.error();
    }
    co_return sdk::done();
}

sdk::task<sdk::reply> device_session::close(sdk::call&) {
    busy_ = true; // the end is no news any more
    keepalive_.reset();
    if (shell_ != nullptr && !shell_->ended() && !broken_) {
        std::string goodbye;
        for (const auto& line : dialog_->rules->on_close) {
            goodbye += line + dialog_->rules->line_return;
        }
        shell_->send(goodbye);
        // Closing under a device that still reads could lose the lines; one that takes them ends the session itself.
        const auto patience = host().after(goodbye_limit);
        bool waiting = !goodbye.empty();
        while (waiting && !shell_->ended() && !link_->closed()) {
            shell_->take();
            const auto how = co_await link_->activity(patience);
            waiting = how == sdk::wait_status::ready;
        }
    }
    shell_.reset();
    link_.reset();
    co_return sdk::done();
}

void device_session::start_keepalive() {
    if (keepalive_interval_ == 0) {
        return;
    }
    keepalive_.emplace(home(), [this] { on_keepalive_timer(); });
    keepalive_->start(host().after(std::chrono::nanoseconds(keepalive_interval_)));
}

void device_session::on_keepalive_timer() {
    if (link_ == nullptr || link_->closed()) {
        return;
    }
    ssh_send_ignore(link_->raw(), ""); // its acknowledgement by TCP is the proof: see TCP_USER_TIMEOUT
    link_->settle();
    keepalive_->start(host().after(std::chrono::nanoseconds(keepalive_interval_)));
}

void device_session::on_change(void* arg) {
    auto* self = static_cast<device_session*>(arg);
    if (!self->busy_) {
        self->on_idle_change();
    }
}

void device_session::on_idle_change() {
    shell_->take(); // messages to the terminal that nobody asked for
    if (shell_->ended() && !lost_) {
        lost_ = true;
        lost(gone());
    }
}

/// Between commands a session holds no more memory than it must.
void device_session::rest() {
    if (dialog_ != nullptr) {
        dialog_->terminal.shrink();
    }
    if (shell_ != nullptr && shell_->ended() && !lost_) {
        spawn(tell_lost()); // after the operation has ended, which succeeded
    }
}

sdk::task<> device_session::tell_lost() {
    if (!busy_ && !lost_) {
        lost_ = true;
        lost(gone());
    }
    co_return;
}

} // namespace ferrule::ssh
