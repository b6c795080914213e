// SPDX-License-Identifier: Apache-2.0
// A signal between coroutines of one instance.
#pragma once

#include <ferrule/sdk/wait.hpp>

namespace ferrule::sdk {

class event;

namespace detail {
struct event_tag;
}

/// Awaiter of event::wait.
class event_wait final : public wait, public detail::hook<detail::event_tag> {
  public:
    event_wait(event& signal, time_ns deadline) noexcept
        : wait(deadline)
        , signal_(&signal) {}

    wait_status await_resume() const noexcept { return status(); }

  private:
    friend class event;

    inline bool begin() override;

    void end() noexcept override { static_cast<detail::hook<detail::event_tag>&>(*this).unlink(); }

    event* signal_;
};

/// Lets coroutines wait until something happened. Manual: stays set and lets everyone through until `reset`. Automatic:
/// each `set` lets one through, and is remembered when nobody waits. Strand only; destroying it wakes its waiters with
/// `cancelled`.
class event {
  public:
    enum class mode : std::uint8_t { manual, automatic };

    explicit event(mode kind = mode::manual) noexcept
        : kind_(kind) {}

    event(const event&) = delete;
    event& operator=(const event&) = delete;

    ~event() {
        while (auto* waiting = waits_.front()) {
            waiting->settle(wait_status::cancelled);
        }
    }

    void set() {
        if (kind_ == mode::automatic) {
            if (auto* waiting = waits_.front()) {
                waiting->settle(wait_status::ready);
            } else {
                set_ = true;
            }
            return;
        }
        set_ = true;
        while (auto* waiting = waits_.front()) {
            waiting->settle(wait_status::ready);
        }
    }

    void reset() noexcept { set_ = false; }

    [[nodiscard]] bool is_set() const noexcept { return set_; }

    [[nodiscard]] event_wait wait(time_ns deadline = never) noexcept { return {*this, deadline}; }

  private:
    friend class event_wait;

    detail::list<event_wait, detail::event_tag> waits_;
    mode kind_;
    bool set_ = false;
};

inline bool event_wait::begin() {
    if (signal_->set_) {
        if (signal_->kind_ == event::mode::automatic) {
            signal_->set_ = false;
        }
        return false;
    }
    signal_->waits_.push_back(*this);
    return true;
}

} // namespace ferrule::sdk
