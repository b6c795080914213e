// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/dial.hpp"

#include "ssh/platform/duration.hpp"

#include <ferrule/sdk/event.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace ferrule::ssh {

namespace {

constexpr nanoseconds head_start = 250 * millisecond;

/// One connect under way.
class attempt {
  public:
    attempt(sdk::strand& home, sdk::event& changed)
        : home_(home)
        , changed_(changed) {}

    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;

    ~attempt() {
        unwatch();
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    void start(const sdk::address& to, std::uint16_t port) {
        fd_ = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd_ < 0) {
            end(errno);
            return;
        }
        const int on = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        sockaddr_storage storage{};
        const auto length = to.to_sockaddr(port, storage);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&storage), length) == 0) {
            end(0);
        } else if (errno != EINPROGRESS) {
            end(errno);
        } else {
            const auto& table = home_.host().table();
            watch_ = table.fd_watch(table.ctx, fd_, FRL_FD_WRITE, &attempt::on_events, this);
            if (watch_ == 0) {
                end(EIO);
            }
        }
    }

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    [[nodiscard]] int failure() const noexcept { return error_; }

    [[nodiscard]] bool connected() const noexcept { return ended_ && error_ == 0; }

    int take() noexcept {
        unwatch();
        return std::exchange(fd_, -1);
    }

  private:
    static void on_events(void* arg, std::uint32_t) noexcept {
        auto* self = static_cast<attempt*>(arg);
        sdk::strand::entry inside(self->home_);
        int error = 0;
        socklen_t length = sizeof(error);
        if (getsockopt(self->fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
            error = errno;
        }
        self->end(error);
        self->changed_.set();
    }

    void end(int error) noexcept {
        unwatch();
        ended_ = true;
        error_ = error;
    }

    void unwatch() noexcept {
        if (watch_ != 0) {
            const auto& table = home_.host().table();
            table.fd_unwatch(table.ctx, std::exchange(watch_, 0));
        }
    }

    sdk::strand& home_;
    sdk::event& changed_;
    int fd_ = -1;
    int error_ = 0;
    frl_watch watch_ = 0;
    bool ended_ = false;
};

/// First one family, then the other, in turn; each in the resolver's order.
std::vector<sdk::address> interleaved(std::vector<sdk::address> in) {
    if (in.empty()) {
        return in;
    }
    const bool first_v6 = in.front().is_v6();
    std::vector<sdk::address> ours;
    std::vector<sdk::address> others;
    for (const auto& each : in) {
        (each.is_v6() == first_v6 ? ours : others).push_back(each);
    }
    std::vector<sdk::address> out;
    for (std::size_t i = 0; i < std::max(ours.size(), others.size()); ++i) {
        if (i < ours.size()) {
            out.push_back(ours[i]);
        }
        if (i < others.size()) {
            out.push_back(others[i]);
        }
    }
    return out;
}

sdk::error failed(const std::string& where, int error) {
    if (error == ECONNREFUSED) {
        return {"connection_refused", where + " refuses connections: is SSH enabled there, and is this its port?",
                true};
    }
    if (error == ETIMEDOUT) {
        return {"connect_timeout", where + " did not answer the connection request.", true};
    }
    return {"host_unreachable", where + " cannot be reached: " + std::strerror(error) + ".", true};
}

} // namespace

sdk::task<sdk::result<int>> dial(sdk::strand& home, std::string host, std::uint16_t port, std::string where,
                                 sdk::time_ns deadline) {
    auto found = co_await sdk::resolve(host, deadline);
    if (!found) {
        const auto& why = found.error();
        if (why.code() == "resolve_failed") {
            co_return sdk::error("resolve_failed", "The name '" + host + "' has no address: " + why.message() + ".",
                                 true);
        }
        co_return why;
    }
    const auto addresses = interleaved(*std::move(found));
    sdk::event changed(sdk::event::mode::automatic);
    std::vector<std::unique_ptr<attempt>> attempts;
    int last_error = EHOSTUNREACH;
    for (;;) {
        bool waiting = false;
        for (auto& each : attempts) {
            if (each->connected()) {
                co_return each->take();
            }
            if (each->ended()) {
                last_error = each->failure();
            } else {
                waiting = true;
            }
        }
        const bool more = attempts.size() < addresses.size();
        if (!waiting && !more) {
            co_return failed(where, last_error);
        }
        const bool newest_ended = attempts.empty() || attempts.back()->ended();
        if (more && newest_ended) {
            attempts.push_back(std::make_unique<attempt>(home, changed));
            attempts.back()->start(addresses[attempts.size() - 1], port);
            continue;
        }
        const auto now = home.host().now();
        const auto until = more ? std::min(deadline, now + head_start) : deadline;
        const auto how = co_await changed.wait(until);
        if (how == sdk::wait_status::cancelled) {
            co_return sdk::error::cancelled();
        }
        if (how == sdk::wait_status::timed_out && home.host().now() >= deadline) {
            co_return sdk::error("connect_timeout",
                                 where +
                                     " did not answer the connection request in time: is the address right, and does "
                                     "a firewall let it through?",
                                 true);
        }
        if (how == sdk::wait_status::timed_out && more) {
            attempts.push_back(std::make_unique<attempt>(home, changed));
            attempts.back()->start(addresses[attempts.size() - 1], port);
        }
    }
}

} // namespace ferrule::ssh
