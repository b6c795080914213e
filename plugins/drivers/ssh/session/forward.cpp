// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/forward.hpp"

#include "ssh/session/handshake.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferrule::ssh {

namespace {

constexpr std::size_t read_size = 32 * 1024;

sdk::error refused(const std::string& where, const std::string& text) {
    if (text.find("error (1)") != std::string::npos || text.find("prohibited") != std::string::npos) {
        return {"jump_refused", "The jump host does not forward connections to " + where +
                                    ": allow TCP forwarding there (" + text + ")."};
    }
    if (text.find("efused") != std::string::npos) {
        return {"connection_refused", where + " refuses connections: is SSH enabled there, and is this its port?",
                true};
    }
    return {"host_unreachable", "The jump host cannot reach " + where + ": " + text + ".", true};
}

} // namespace

forward::forward(sdk::strand& home, std::shared_ptr<link> outer)
    : home_(home)
    , outer_(std::move(outer)) {}

forward::~forward() {
    unwatch();
    outer_->unlisten(this);
    if (channel_ != nullptr) {
        outer_->remove_channel(channel_);
        if (!outer_->closed()) { // a closed session has freed its channels or is about to
            if (ours_ >= 0) {
                read_inner(); // the goodbye of the inner connection
            }
            ssh_remove_channel_callbacks(channel_, &callbacks_);
            ssh_channel_close(channel_);
            ssh_channel_free(channel_);
            outer_->settle();
        }
    }
    for (const int fd : {ours_, theirs_}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
}

int forward::take_fd() noexcept {
    return std::exchange(theirs_, -1);
}

sdk::task<sdk::result<std::shared_ptr<forward>>> forward::open(sdk::strand& home, std::shared_ptr<link> outer,
                                                               std::string host, std::uint16_t port, std::string where,
                                                               sdk::time_ns deadline) {
    auto made = std::make_shared<forward>(home, outer);
    made->channel_ = ssh_channel_new(outer->raw());
    if (made->channel_ == nullptr) {
        co_return sdk::error("session_lost", "The connection to the jump host has ended.", true);
    }
    // Before it is open, because data may come together with the confirmation.
    ssh_callbacks_init(&made->callbacks_);
    made->callbacks_.userdata = made.get();
    made->callbacks_.channel_data_function = &forward::on_data;
    ssh_set_channel_callbacks(made->channel_, &made->callbacks_);
    for (;;) {
        const auto before = outer->received();
        const int rc = ssh_channel_open_forward(made->channel_, host.c_str(), port, "127.0.0.1", 0);
        outer->settle();
        if (rc == SSH_OK) {
            break;
        }
        if (rc != SSH_AGAIN) {
            if (outer->closed()) {
                co_return sdk::error("session_lost", "The connection to the jump host has ended.", true);
            }
            co_return refused(where, outer->error_text());
        }
        if (outer->received() != before) {
            continue;
        }
        sdk::error late("connect_timeout", where + " was not reached in time.", true);
        const auto waited = co_await next_activity(*outer, deadline, std::move(late));
        if (!waited) {
            co_return waited.error();
        }
    }
    made->start_relay();
    co_return made;
}

void forward::start_relay() {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        throw sdk::failure(
            sdk::error("out_of_files", "No descriptor left for a connection through a jump host.", true));
    }
    ours_ = pair[0];
    theirs_ = pair[1];
    outer_->add_channel(channel_);
    outer_->listen(&forward::on_outer, this);
    const auto& table = home_.host().table();
    watch_ = table.fd_watch(table.ctx, ours_, FRL_FD_READ, &forward::on_events, this);
    armed_ = FRL_FD_READ;
    write_inner();
    arm();
}

int forward::on_data(ssh_session, ssh_channel, void* data, uint32_t length, int, void* self) {
    static_cast<forward*>(self)->to_inner_.append(static_cast<const char*>(data), length);
    return static_cast<int>(length);
}

void forward::on_outer(void* arg) {
    auto* self = static_cast<forward*>(arg);
    self->write_inner();
    self->write_outer();
    if (self->outer_->closed() || (ssh_channel_is_eof(self->channel_) != 0 && self->to_inner_.empty())) {
        self->end();
    }
    self->arm();
}

void forward::on_events(void* arg, std::uint32_t events) noexcept {
    auto* self = static_cast<forward*>(arg);
    sdk::strand::entry inside(self->home_);
    if ((events & FRL_FD_WRITE) != 0) {
        self->write_inner();
    }
    if ((events & (FRL_FD_READ | FRL_FD_ERROR)) != 0) {
        self->read_inner();
    }
    self->arm();
}

void forward::read_inner() {
    char buffer[read_size];
    while (ours_ >= 0 && to_outer_.empty()) {
        const auto count = ::read(ours_, buffer, sizeof(buffer));
        if (count > 0) {
            to_outer_.assign(buffer, static_cast<std::size_t>(count));
            write_outer();
            continue;
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            end();
        }
        if (count == 0 || errno != EINTR) {
            return;
        }
    }
}

void forward::write_outer() {
    while (!to_outer_.empty() && !outer_->closed()) {
        const int count = ssh_channel_write(channel_, to_outer_.data(), static_cast<uint32_t>(to_outer_.size()));
        if (count <= 0) {
            break; // the window is full: the outer connection calls again
        }
        to_outer_.erase(0, static_cast<std::size_t>(count));
    }
    outer_->settle();
}

void forward::write_inner() {
    while (ours_ >= 0 && !to_inner_.empty()) {
        const auto count = ::send(ours_, to_inner_.data(), to_inner_.size(), MSG_NOSIGNAL);
        if (count > 0) {
            to_inner_.erase(0, static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            if (errno != EAGAIN) {
                end();
            }
            return;
        }
    }
}

void forward::arm() {
    if (watch_ == 0) {
        return;
    }
    const auto wanted = (to_outer_.empty() ? FRL_FD_READ : 0u) | (to_inner_.empty() ? 0u : FRL_FD_WRITE);
    if (wanted != armed_) {
        const auto& table = home_.host().table();
        table.fd_modify(table.ctx, watch_, wanted);
        armed_ = wanted;
    }
}

void forward::end() noexcept {
    unwatch();
    if (ours_ >= 0) {
        ::close(std::exchange(ours_, -1)); // the inner connection reads its end
    }
    to_inner_.clear();
    to_inner_.shrink_to_fit();
}

void forward::unwatch() noexcept {
    if (watch_ != 0) {
        const auto& table = home_.host().table();
        table.fd_unwatch(table.ctx, std::exchange(watch_, 0));
    }
}

} // namespace ferrule::ssh
