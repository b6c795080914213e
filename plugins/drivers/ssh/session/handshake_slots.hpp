// SPDX-License-Identifier: Apache-2.0
// Bounds how many key exchanges and logins run at once, because each costs a good part of a millisecond of CPU.
#pragma once

#include <ferrule/sdk/event.hpp>
#include <ferrule/sdk/task.hpp>

#include <cstddef>
#include <utility>

namespace ferrule::ssh {

class handshake_slots {
  public:
    /// The right to do one handshake; ends with the object, which the slots must outlive.
    class slot {
      public:
        slot() = default;

        explicit slot(handshake_slots& of) noexcept
            : of_(&of) {}

        slot(slot&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)) {}

        slot& operator=(slot&& other) noexcept {
            release();
            of_ = std::exchange(other.of_, nullptr);
            return *this;
        }

        ~slot() { release(); }

        void release() noexcept {
            if (auto* of = std::exchange(of_, nullptr)) {
                --of->used_;
                of->freed_.set();
            }
        }

      private:
        handshake_slots* of_ = nullptr;
    };

    void limit(std::size_t most) noexcept { most_ = most; }

    /// Waits in line. Fails with connect_timeout or cancelled.
    sdk::task<sdk::result<slot>> acquire(sdk::time_ns deadline) {
        while (used_ >= most_) {
            const auto how = co_await freed_.wait(deadline);
            if (how == sdk::wait_status::cancelled) {
                co_return sdk::error::cancelled();
            }
            if (how == sdk::wait_status::timed_out) {
                co_return sdk::error(
                    "connect_timeout",
                    "Too many connections are being set up at once: raise max_handshakes of the ssh plugin "
                    "or the connect timeout.",
                    true);
            }
        }
        ++used_;
        co_return slot(*this);
    }

    [[nodiscard]] std::size_t used() const noexcept { return used_; }

  private:
    std::size_t most_ = 64;
    std::size_t used_ = 0;
    sdk::event freed_{sdk::event::mode::automatic};
};

} // namespace ferrule::ssh
