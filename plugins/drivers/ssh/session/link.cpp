// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/link.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ferrule::ssh {

namespace {

/// libssh reads this much at a time.
constexpr std::uint64_t one_read = 4096;
/// Reads before other sessions of the strand get their turn; what is left makes the descriptor readable again.
constexpr int reads_at_once = 64;

std::uint64_t inode_of(int fd) noexcept {
    struct stat info {};

    return fstat(fd, &info) == 0 ? static_cast<std::uint64_t>(info.st_ino) : 0;
}

} // namespace

link::link(sdk::strand& home, int fd)
    : home_(home)
    , session_(ssh_new())
    , fd_(fd)
    , inode_(inode_of(fd)) {
    if (session_ == nullptr) {
        ::close(fd);
        throw sdk::failure(sdk::error("out_of_memory", "No memory for another SSH session.", true));
    }
    ssh_set_blocking(session_, 0);
    ssh_set_counters(session_, &counter_, nullptr);
}

link::~link() {
    close();
}

void link::start() {
    ssh_options_set(session_, SSH_OPTIONS_FD, &fd_);
    watch();
}

void link::watch() {
    const auto& table = home_.host().table();
    watch_ = home_.host().require(table.fd_watch, "fd_watch")(table.ctx, fd_, FRL_FD_READ, &link::on_events, this);
    if (watch_ == 0) {
        throw sdk::failure(sdk::error("internal", "The host refused to watch the descriptor of an SSH connection."));
    }
    armed_ = FRL_FD_READ;
}

void link::restore_non_blocking() const noexcept {
    const int flags = fcntl(fd_, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
        fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
    }
}

bool link::closed() const {
    return session_ == nullptr || (!connecting_ && ssh_get_fd(session_) == SSH_INVALID_SOCKET) ||
           (ssh_get_status(session_) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

std::string link::error_text() const {
    const char* text = session_ == nullptr ? nullptr : ssh_get_error(session_);
    return text == nullptr ? "" : text;
}

void link::settle() {
    if (session_ == nullptr) {
        return;
    }
    if (connecting_) {
        restore_non_blocking();
    }
    arm();
    if (const bool ended = closed(); counter_.in_bytes != noticed_ || ended != told_end_) {
        noticed_ = counter_.in_bytes;
        told_end_ = ended;
        notify();
    }
}

void link::arm() {
    if (watch_ == 0) {
        return;
    }
    if (closed() && !connecting_) { // libssh has closed the descriptor
        unwatch();
        return;
    }
    std::uint32_t wanted = FRL_FD_READ;
    if ((ssh_get_poll_flags(session_) & SSH_WRITE_PENDING) != 0) {
        wanted |= FRL_FD_WRITE;
    }
    if (wanted != armed_) {
        const auto& table = home_.host().table();
        table.fd_modify(table.ctx, watch_, wanted);
        armed_ = wanted;
    }
}

void link::on_events(void* arg, std::uint32_t) noexcept {
    auto* self = static_cast<link*>(arg);
    sdk::strand::entry inside(self->home_);
    if (self->connecting_) {
        self->notify(); // whoever connects calls libssh again
        return;
    }
    self->look();
    self->told_end_ = self->closed();
    self->notify();
}

void link::look() {
    pump();
    arm();
    noticed_ = counter_.in_bytes;
}

void link::pump() {
    for (int i = 0; i < reads_at_once && !closed(); ++i) {
        const auto before = counter_.in_bytes;
        const auto open = std::ranges::find_if(
            channels_, [](ssh_channel c) { return ssh_channel_is_open(c) != 0 && ssh_channel_is_eof(c) == 0; });
        if (open != channels_.end()) {
            ssh_channel_poll(*open, 0);
        } else {
            pump_without_channel();
        }
        if (counter_.in_bytes - before < one_read) {
            return;
        }
    }
}

void link::pump_without_channel() {
    ssh_event once = ssh_event_new();
    if (once == nullptr) {
        return;
    }
    if (ssh_event_add_session(once, session_) == SSH_OK) {
        ssh_event_dopoll(once, 0);
        ssh_event_remove_session(once, session_);
    }
    ssh_event_free(once);
}

void link::notify() {
    activity_.set();
    activity_.reset(); // for those who wait now; the others look before they wait
    const auto now = listeners_;
    for (const auto& [fn, of] : now) {
        if (std::ranges::find(listeners_, std::pair(fn, of)) != listeners_.end()) {
            fn(of);
        }
    }
}

void link::listen(listener fn, void* arg) {
    listeners_.emplace_back(fn, arg);
}

void link::unlisten(void* arg) noexcept {
    std::erase_if(listeners_, [&](const auto& each) { return each.second == arg; });
}

void link::add_channel(ssh_channel channel) {
    channels_.push_back(channel);
}

void link::remove_channel(ssh_channel channel) {
    std::erase(channels_, channel);
}

void link::resume() {
    if (watch_ == 0 && !closed()) {
        watch();
    }
    settle();
}

void link::unwatch() noexcept {
    if (watch_ != 0) {
        const auto& table = home_.host().table();
        table.fd_unwatch(table.ctx, std::exchange(watch_, 0));
    }
}

void link::close() noexcept {
    if (session_ == nullptr) {
        return;
    }
    unwatch();
    channels_.clear();
    auto* session = std::exchange(session_, nullptr);
    ssh_disconnect(session);
    ssh_free(session);
    if (inode_ != 0 && inode_of(fd_) == inode_) {
        ::close(fd_);
    }
}

} // namespace ferrule::ssh
