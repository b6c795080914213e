// Tells when the other end has been silent for too long.
#pragma once

#include "base/clock.hpp"

namespace ferrule::fleet::protocol {

/// Sans-I/O: told when something came, asked what to do. After half the limit without a word it wants one ping, after
/// the whole the connection is dead.
class liveness {
  public:
    enum class verdict { fine, ping, dead };

    liveness(base::duration limit, base::steady_time now) noexcept
        : limit_(limit)
        , heard_(now) {}

    void heard(base::steady_time now) noexcept {
        heard_ = now;
        asked_ = false;
    }

    /// A limit that fits what the other end has announced.
    void set_limit(base::duration limit) noexcept { limit_ = limit; }

    verdict judge(base::steady_time now) noexcept {
        const auto silent = now - heard_;
        if (silent >= limit_)
            return verdict::dead;
        if (silent < limit_ / 2 || asked_)
            return verdict::fine;
        asked_ = true;
        return verdict::ping;
    }

    [[nodiscard]] base::steady_time last_heard() const noexcept { return heard_; }

  private:
    base::duration limit_;
    base::steady_time heard_;
    bool asked_ = false;
};

/// How long an end that sends a heartbeat every `interval` may be silent.
constexpr base::duration silence_limit(base::duration interval) noexcept {
    constexpr base::duration least = std::chrono::seconds(15);
    const auto wanted = interval * 3;
    return wanted < least ? least : wanted;
}

} // namespace ferrule::fleet::protocol
