// SPDX-License-Identifier: Apache-2.0
// A descriptor under the host's watch, with a plain callback.
#pragma once

#include <ferrule/sdk/host.hpp>
#include <ferrule/sdk/strand.hpp>

#include <cstdint>
#include <functional>
#include <utility>

namespace ferrule::icmp {

/// Calls a function for every readiness until it goes, which must be before the descriptor is closed and not within the
/// function. Errors are always reported.
class fd_watch {
  public:
    fd_watch(sdk::strand& home, int fd, std::function<void(std::uint32_t)> fn)
        : home_(&home)
        , fn_(std::move(fn)) {
        const auto& table = home.host().table();
        home.host().require(table.fd_modify, "fd_modify");
        home.host().require(table.fd_unwatch, "fd_unwatch");
        handle_ =
            home.host().require(table.fd_watch, "fd_watch")(table.ctx, fd, FRL_FD_READ, &fd_watch::on_events, this);
        if (handle_ == 0) {
            throw sdk::failure(sdk::error("internal", "The host refused to watch an ICMP socket."));
        }
    }

    fd_watch(const fd_watch&) = delete;
    fd_watch& operator=(const fd_watch&) = delete;

    ~fd_watch() {
        const auto& table = home_->host().table();
        table.fd_unwatch(table.ctx, handle_);
    }

    /// Whether the function is also called when there is room to send.
    void await_room(bool wanted) {
        const auto& table = home_->host().table();
        table.fd_modify(table.ctx, handle_, wanted ? FRL_FD_READ | FRL_FD_WRITE : FRL_FD_READ);
    }

  private:
    static void on_events(void* arg, std::uint32_t events) noexcept {
        auto* self = static_cast<fd_watch*>(arg);
        const sdk::strand::entry inside(*self->home_);
        try {
            self->fn_(events);
        } catch (...) {
            self->home_->host().fail("reading an ICMP socket failed",
                                     {{"error", sdk::detail::current_error().message()}});
        }
    }

    sdk::strand* home_;
    std::function<void(std::uint32_t)> fn_;
    frl_watch handle_ = 0;
};

} // namespace ferrule::icmp
