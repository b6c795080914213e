// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/shell.hpp"

#include "ssh/session/handshake.hpp"

namespace ferrule::ssh {

namespace {

/// Unread input beyond this is from a device that talks to itself between commands.
constexpr std::size_t most_unread = 4 * 1024 * 1024;

template <class Call>
sdk::task<sdk::result<void>> granted(std::shared_ptr<link> on, Call call, std::string what, sdk::time_ns deadline) {
    for (;;) {
        const auto before = on->received();
        const int rc = call();
        on->settle();
        if (rc == SSH_OK) {
            co_return sdk::ok();
        }
        if (rc != SSH_AGAIN) {
            if (on->closed()) {
                co_return sdk::error("session_lost", "The connection ended while " + what + " was asked for.", true);
            }
            co_return sdk::error("shell_refused", "The device refused " + what +
                                                      ": perhaps it has no free line, or the account may not log in "
                                                      "interactively (" +
                                                      on->error_text() + ").");
        }
        if (on->received() != before) {
            continue;
        }
        sdk::error late("auth_timeout", "The device did not give " + what + " in time.", true);
        const auto waited = co_await next_activity(*on, deadline, std::move(late));
        if (!waited) {
            co_return waited.error();
        }
    }
}

} // namespace

shell::shell(std::shared_ptr<link> on)
    : on_(std::move(on)) {
    on_->listen(&shell::on_link, this);
}

shell::~shell() {
    on_->unlisten(this);
    if (channel_ == nullptr) {
        return;
    }
    on_->remove_channel(channel_);
    if (!on_->closed()) {
        ssh_remove_channel_callbacks(channel_, &callbacks_);
        ssh_channel_close(channel_);
        ssh_channel_free(channel_);
    }
}

sdk::task<sdk::result<std::unique_ptr<shell>>> shell::open(std::shared_ptr<link> on, terminal_size size,
                                                           std::string where, sdk::time_ns deadline) {
    auto made = std::make_unique<shell>(on);
    auto* channel = made->channel_ = ssh_channel_new(on->raw());
    if (channel == nullptr) {
        co_return sdk::error("session_lost", "The connection to " + where + " has ended.", true);
    }
    ssh_callbacks_init(&made->callbacks_);
    made->callbacks_.userdata = made.get();
    made->callbacks_.channel_data_function = &shell::on_data;
    ssh_set_channel_callbacks(channel, &made->callbacks_);

    auto ask_channel = [channel] { return ssh_channel_open_session(channel); };
    auto opened = co_await granted(on, ask_channel, "a session", deadline);
    if (!opened) {
        co_return opened.error();
    }
    on->add_channel(channel);
    auto ask_terminal = [channel, &size] {
        return ssh_channel_request_pty_size(channel, size.type.c_str(), size.width, size.height);
    };
    opened = co_await granted(on, ask_terminal, "a terminal", deadline);
    if (!opened) {
        co_return opened.error();
    }
    auto ask_shell = [channel] { return ssh_channel_request_shell(channel); };
    opened = co_await granted(on, ask_shell, "a shell", deadline);
    if (!opened) {
        co_return opened.error();
    }
    co_return made;
}

int shell::on_data(ssh_session, ssh_channel, void* data, uint32_t length, int, void* arg) {
    auto* self = static_cast<shell*>(arg);
    if (self->inbox_.size() < most_unread) {
        self->inbox_.append(static_cast<const char*>(data), length);
    }
    return static_cast<int>(length);
}

void shell::on_link(void* arg) {
    auto* self = static_cast<shell*>(arg);
    if (!self->outbox_.empty()) {
        self->flush();
    }
    if (self->changed_ != nullptr && (self->has_input() || self->ended())) {
        self->changed_(self->changed_arg_);
    }
}

void shell::send(std::string_view bytes) {
    outbox_.append(bytes);
    flush();
}

void shell::flush() {
    while (!outbox_.empty() && !ended()) {
        const int count = ssh_channel_write(channel_, outbox_.data(), static_cast<uint32_t>(outbox_.size()));
        if (count <= 0) {
            break; // the window is full or the connection is gone: activity follows
        }
        outbox_.erase(0, static_cast<std::size_t>(count));
    }
    if (outbox_.empty() && outbox_.capacity() > 256) {
        outbox_.shrink_to_fit();
    }
    on_->settle();
}

bool shell::ended() const {
    return on_->closed() || channel_ == nullptr || ssh_channel_is_eof(channel_) != 0 ||
           ssh_channel_is_closed(channel_) != 0;
}

} // namespace ferrule::ssh
