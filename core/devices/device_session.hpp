// A live session to a device, with what decides whether a job may use it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "devices/node_parts.hpp"
#include "model/session.hpp"
#include "plugins/driver.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Owned by the lane or the fifo run that opened it, and used on its strand only; `info` from any thread.
class device_session {
  public:
    /// Opens one. Refuses at once with `auth_held_back` while an earlier login of the same kind is held back, and with
    /// `session_limit` when there are too many. `on_lost` comes on the caller's executor when the session ends by
    /// itself.
    static asio::awaitable<result<std::unique_ptr<device_session>>>
    open(node_parts& parts, resolved_ptr at, base::steady_time deadline, std::function<void(error)> on_lost);

    ~device_session();
    device_session(const device_session&) = delete;
    device_session& operator=(const device_session&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }

    [[nodiscard]] const std::string& details() const noexcept { return wire_->details(); }

    [[nodiscard]] plugins::driver_session& wire() noexcept { return *wire_; }

    [[nodiscard]] bool serves(const resolved_target& other) const { return at_->same_session(other); }

    [[nodiscard]] const resolved_target& at() const noexcept { return *at_; }

    /// Tells listeners of it. By its owner, once whoever hears of it can also find it; its end is told in any case.
    void tell_opened() const;
    /// Closes within a short time; the object is of no use afterwards.
    asio::awaitable<void> close();

    void set_state(const char* state);
    void count_command();
    [[nodiscard]] model::session_info info() const;

  private:
    /// One of jobs.max_sessions, from before the session opens until it is gone.
    class place {
      public:
        explicit place(node_parts& parts);
        place(place&& other) noexcept;
        place& operator=(place&&) = delete;
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place();

        void give_back() noexcept;

        explicit operator bool() const noexcept { return of_ != nullptr; }

      private:
        node_parts* of_;
    };

    device_session(node_parts& parts, resolved_ptr at, std::shared_ptr<plugins::driver_session> wire,
                   std::vector<secret_book::loan> loans, place taken);
    void announce(const char* state) const;

    node_parts& parts_;
    place place_;
    const std::string id_;
    const resolved_ptr at_;
    std::shared_ptr<plugins::driver_session> wire_;
    std::vector<secret_book::loan> loans_;
    mutable std::mutex mutex_;
    model::session_info info_;
};

} // namespace ferrule::devices
