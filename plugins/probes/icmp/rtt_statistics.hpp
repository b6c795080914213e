// SPDX-License-Identifier: Apache-2.0
// What a row of round-trip times says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace ferrule::icmp {

/// Minimum, average, maximum, deviation and jitter of round-trip times in nanoseconds, fed in the order in which the
/// packets were sent.
class rtt_statistics {
  public:
    void add(std::int64_t rtt) noexcept {
        const auto value = static_cast<double>(rtt);
        if (count_ == 0) {
            min_ = max_ = rtt;
        } else {
            min_ = std::min(min_, rtt);
            max_ = std::max(max_, rtt);
            // RFC 3550, 6.4.1: a running mean with gain 1/16 over the change from packet to packet. The change of the
            // transit time there is the change of the round trip here.
            jitter_ += (std::abs(value - last_) - jitter_) / 16;
        }
        last_ = value;
        ++count_;
        // Welford's update: no sum of squares that swallows small deviations.
        const double off = value - mean_;
        mean_ += off / static_cast<double>(count_);
        squares_ += off * (value - mean_);
    }

    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

    [[nodiscard]] std::int64_t min() const noexcept { return min_; }

    [[nodiscard]] std::int64_t max() const noexcept { return max_; }

    [[nodiscard]] double average() const noexcept { return mean_; }

    /// Standard deviation over the population, as ping's "mdev".
    [[nodiscard]] double deviation() const noexcept {
        return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
    }

    [[nodiscard]] double jitter() const noexcept { return jitter_; }

  private:
    std::uint32_t count_ = 0;
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
    double mean_ = 0;
    double squares_ = 0;
    double last_ = 0;
    double jitter_ = 0;
};

/// The middle one of round-trip times, of an even number the mean of both in the middle; 0 of none. Brings them into
/// another order.
inline double median(std::span<std::int64_t> rtts) noexcept {
    if (rtts.empty()) {
        return 0;
    }
    const auto middle = rtts.begin() + static_cast<std::ptrdiff_t>(rtts.size() / 2);
    std::nth_element(rtts.begin(), middle, rtts.end());
    const auto upper = static_cast<double>(*middle);
    if (rtts.size() % 2 != 0) {
        return upper;
    }
    return (static_cast<double>(*std::max_element(rtts.begin(), middle)) + upper) / 2;
}

} // namespace ferrule::icmp
