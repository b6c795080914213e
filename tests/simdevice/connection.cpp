#include "simdevice/connection.hpp"

#include "simdevice/forward_channel.hpp"
#include "simdevice/pending_forward.hpp"
#include "simdevice/shell_channel.hpp"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrule::simdevice {

namespace {

/// Rounds a busy connection gets before the others have their turn.
constexpr int turns_at_once = 32;

/// How long a client may take to notice the end.
constexpr std::chrono::seconds linger_limit{10};

} // namespace

connection::connection(connection_owner& owner, reactor& loop, device& target, int fd)
    : owner_(owner)
    , loop_(loop)
    , device_(target)
    , fd_(fd)
    , gate_(target.spec().users) {}

connection::~connection() {
    loop_.cancel(timer_);
    loop_.cancel(again_timer_);
    loop_.forget(fd_, *this);
    forwards_.clear();
    held_.reset();
    if (session_ != nullptr) {
        session_.reset(); // closes the descriptor, unless libssh did so before
    } else {
        close(fd_);
    }
}

void connection::begin() {
    id_ = device_.record.connected();
    const auto& spec = device_.spec();
    if (spec.max_sessions != 0 && device_.record.counters().connections_open > spec.max_sessions) {
        finish("too many sessions");
        return;
    }
    if (device_.frozen) {
        frozen_ = true;
        return;
    }
    if (spec.connect_delay.count() > 0) {
        timer_ = loop_.after(spec.connect_delay, [this] { greet(); });
        return;
    }
    greet();
}

void connection::greet() {
    timer_ = 0;
    const auto& spec = device_.spec();
    switch (spec.greeting) {
    case greeting_kind::ssh:
        start_ssh();
        return;
    case greeting_kind::close_at_once:
        finish("closed before the greeting");
        return;
    case greeting_kind::not_ssh:
        ::send(fd_, spec.greeting_text.data(), spec.greeting_text.size(), MSG_NOSIGNAL);
        shutdown(fd_, SHUT_WR);
        break;
    case greeting_kind::silent:
        break;
    }
    loop_.watch(fd_, EPOLLIN, *this);
}

void connection::start_ssh() {
    session_ = device_.identity.accept(fd_);
    if (session_ == nullptr) {
        finish("libssh refused the connection");
        return;
    }
    callbacks_.userdata = this;
    callbacks_.global_request_function = on_global_request;
    ssh_callbacks_init(&callbacks_);
    ssh_set_callbacks(session_.get(), &callbacks_);
    set_methods({});
    phase_ = phase::key_exchange;
    pump();
}

void connection::discard_input() {
    std::array<char, 4096> buffer{};
    const auto got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        finish("closed by the client");
    }
}

void connection::on_ready(std::uint32_t) {
    if (phase_ == phase::greeting || phase_ == phase::closing) {
        discard_input();
    } else {
        pump();
    }
}

void connection::pump() {
    if (pumping_ || frozen_ || (phase_ != phase::key_exchange && phase_ != phase::serving)) {
        return;
    }
    pumping_ = true;
    int turn = 0;
    while (turn < turns_at_once && phase_ != phase::over && pump_once()) {
        ++turn;
    }
    pumping_ = false;
    if (phase_ == phase::over) {
        return;
    }
    if (dropping_ && writable()) {
        reset_ ? drop(true, end_) : say_farewell();
        return;
    }
    if (turn == turns_at_once && again_timer_ == 0) {
        again_timer_ = loop_.after(std::chrono::nanoseconds(0), [this] {
            again_timer_ = 0;
            pump();
        });
    }
    watch();
}

bool connection::closed() const {
    return (ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0 ||
           ssh_is_connected(session_.get()) == 0;
}

bool connection::pump_once() {
    if (phase_ == phase::key_exchange) {
        const int result = ssh_handle_key_exchange(session_.get());
        if (result == SSH_ERROR || closed()) {
            finish(std::string("key exchange: ") + ssh_get_error(session_.get()));
            return false;
        }
        if (result == SSH_OK) {
            phase_ = phase::serving;
        }
        return result == SSH_OK;
    }
    bool progress = false;
    while (message_handle message{ssh_message_get(session_.get())}) {
        handle(std::move(message));
        progress = true;
    }
    if (closed()) {
        finish("closed by the client");
        return false;
    }
    return service_channels() || progress;
}

bool connection::service_channels() {
    bool progress = false;
    for (auto place = channels_.begin(); place != channels_.end();) {
        progress = (*place)->service() || progress;
        place = (*place)->finished() ? channels_.erase(place) : std::next(place);
    }
    return progress;
}

void connection::watch() {
    loop_.watch(fd_, writable() ? EPOLLIN : EPOLLIN | EPOLLOUT, *this);
}

bool connection::writable() const {
    return (ssh_get_status(session_.get()) & SSH_WRITE_PENDING) == 0;
}

void connection::drop(bool reset, const std::string& why) {
    if (reset) {
        const linger at_once{1, 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    finish(why);
}

void connection::say_farewell() {
    phase_ = phase::closing;
    record_end(end_);
    shutdown(fd_, SHUT_WR);
    loop_.watch(fd_, EPOLLIN, *this);
    loop_.cancel(timer_);
    timer_ = loop_.after(linger_limit, [this] { finish(end_); });
}

void connection::record_end(const std::string& why) {
    if (!ended_) {
        ended_ = true;
        device_.record.ended(id_, why);
    }
}

void connection::drop_after_flush(bool reset, const std::string& why) {
    dropping_ = true;
    reset_ = reset;
    end_ = why;
    pump();
}

void connection::set_frozen(bool frozen) {
    if (phase_ == phase::closing) {
        return;
    }
    frozen_ = frozen;
    if (frozen) {
        loop_.forget(fd_, *this);
    } else if (session_ != nullptr) {
        pump();
    } else if (phase_ == phase::greeting) {
        greet();
    }
}

void connection::finish(const std::string& why) {
    if (phase_ != phase::over) {
        phase_ = phase::over;
        loop_.forget(fd_, *this);
        record_end(why);
        owner_.over(*this);
    }
}

void connection::on_global_request(ssh_session, ssh_message message, void* self) {
    auto& here = *static_cast<connection*>(self);
    if (ssh_message_subtype(message) == SSH_GLOBAL_REQUEST_KEEPALIVE) {
        here.device_.record.kept_alive(here.id_);
        ssh_message_global_request_reply_success(message, 0);
    } else {
        ssh_message_reply_default(message);
    }
}

} // namespace ferrule::simdevice
