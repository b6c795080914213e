// Keeps one caller from taking everything.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace ferrule::http {

/// A token bucket: `rate` a second on average, `burst` at once. Knows no clock; times must not go back.
class token_bucket {
  public:
    token_bucket(double rate, double burst, base::steady_time now);

    /// Takes one, or says how long until there is one.
    [[nodiscard]] std::optional<base::duration> take(base::steady_time now);
    /// Whether it has nothing to remember: as full as a new one.
    [[nodiscard]] bool full(base::steady_time now) const;

  private:
    [[nodiscard]] double level(base::steady_time now) const;

    double rate_;
    double burst_;
    double level_;
    base::steady_time at_;
};

/// One bucket a caller (a token's id or an address). Full buckets are forgotten, so memory follows the callers of the
/// last moments. Thread-safe.
class rate_limiter {
  public:
    /// `rate` 0 means no limit.
    rate_limiter(std::uint32_t rate, std::uint32_t burst);

    [[nodiscard]] bool enabled() const noexcept { return rate_ > 0; }

    /// Nothing when the caller may go on, otherwise how long it should wait.
    [[nodiscard]] std::optional<base::duration> take(std::string_view caller, base::steady_time now);
    [[nodiscard]] std::size_t size() const;

  private:
    void forget_full(base::steady_time now);

    const double rate_;
    const double burst_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, token_bucket> buckets_;
    std::size_t sweep_at_ = 1024;
};

} // namespace ferrule::http
