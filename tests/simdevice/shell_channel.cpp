#include "simdevice/shell_channel.hpp"

#include <libssh/server.h>

#include <algorithm>

namespace ferrule::simdevice {

namespace {

/// A write takes at most this much from the shell, so that one session with endless output leaves room for the others.
constexpr std::size_t portion = 32 * 1024;

} // namespace

shell_channel::shell_channel(channel_host& host, ssh_channel handle, device& target, std::uint64_t session,
                             std::string user)
    : channel(host, handle)
    , device_(target)
    , session_(session)
    , user_(std::move(user)) {}

shell_channel::~shell_channel() {
    host_.loop().cancel(timer_);
    host_.loop().cancel(idle_timer_);
}

bool shell_channel::request_pty(std::size_t width) {
    if (device_.spec().shell == shell_kind::refuse_pty) {
        return false;
    }
    pty_ = true;
    width_ = width;
    return true;
}

bool shell_channel::open_shell() {
    if (shell_) {
        return false;
    }
    shell_.emplace(device_.script, device_.state, device_.record, shell_seat{session_, user_, pty_, width_});
    return true;
}

bool shell_channel::start_shell() {
    if (device_.spec().shell == shell_kind::refuse_shell || !open_shell()) {
        return false;
    }
    shell_->start();
    restart_idle_timer();
    return true;
}

bool shell_channel::start_exec(const std::string& command) {
    if (!device_.spec().allow_exec || !open_shell()) {
        return false;
    }
    exec_ = true;
    shell_->start_exec(command);
    return true;
}

void shell_channel::restart_idle_timer() {
    const auto limit = device_.spec().idle_timeout;
    if (limit.count() == 0) {
        return;
    }
    host_.loop().cancel(idle_timer_);
    idle_timer_ = host_.loop().after(limit, [this] {
        idle_timer_ = 0;
        drop(false, "idle for too long");
    });
}

bool shell_channel::service() {
    if (peer_closed_) {
        finish();
        return true;
    }
    if (!shell_ || dropping()) {
        return send();
    }
    bool progress = send();
    if (!inbox_.empty()) {
        shell_->feed(inbox_);
        inbox_.clear();
        restart_idle_timer();
        progress = true;
    }
    if (!outbox_.empty() || !host_.writable()) {
        return progress;
    }
    const auto outcome = shell_->advance(outbox_, portion);
    if (exec_ && !pty_) {
        std::erase(outbox_, '\r');
    }
    progress = send() || progress;
    if (outcome.next == shell_outcome::what::input && peer_eof_ && outbox_.empty()) { // the terminal hung up
        exited(0);
        return true;
    }
    return follow(outcome) || progress;
}

bool shell_channel::follow(const shell_outcome& outcome) {
    switch (outcome.next) {
    case shell_outcome::what::input:
    case shell_outcome::what::waiting:
        return false;
    case shell_outcome::what::flush:
        return true;
    case shell_outcome::what::wait:
        host_.loop().cancel(timer_);
        timer_ = host_.loop().after(outcome.pause, [this, id = outcome.wait_id] {
            timer_ = 0;
            shell_->resume(id);
            host_.wake();
        });
        return true;
    case shell_outcome::what::drop:
        drop(false, "dropped by the script");
        return true;
    case shell_outcome::what::reset:
        drop(true, "reset by the script");
        return true;
    case shell_outcome::what::close:
        exited(outcome.status);
        return true;
    }
    return false;
}

void shell_channel::exited(int status) {
    const bool hang_up = !exec_ && device_.script.exit_ends_connection();
    ssh_channel_request_send_exit_status(handle(), status);
    finish();
    if (hang_up) {
        drop(false, "the shell exited");
    }
}

} // namespace ferrule::simdevice
