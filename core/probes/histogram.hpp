// Percentiles of latencies in little memory, that can be merged.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::probes {

/// Counts values in buckets that divide each power of two into 64 equal parts, so that a quantile is never more than
/// 1/128 (0.8 %) off. Values are times in milliseconds, counted in whole nanoseconds; below 64 ns they are exact.
/// Merging histograms gives exactly the histogram of all their values. A few bytes for each bucket that is not empty.
class histogram {
  public:
    /// A negative value counts as 0; one that is no number or more than 10^12 ms is not counted.
    void add(double milliseconds);
    void merge(const histogram& other);

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// The value at a rank: the smallest one that at least `share` (0 to 1) of all values do not exceed, give or take
    /// the error; none without values.
    [[nodiscard]] std::optional<double> quantile(double share) const noexcept;

    /// A list of pairs [bucket, count].
    [[nodiscard]] base::json to_json() const;
    /// Fails with `corrupt_record`.
    static result<histogram> from_json(const base::json& kept);

    friend bool operator==(const histogram&, const histogram&) = default;

  private:
    using bucket = std::pair<std::uint16_t, std::uint64_t>; // index, count; by index

    void add(std::uint16_t index, std::uint64_t count);

    std::vector<bucket> buckets_;
    std::uint64_t count_ = 0;
};

} // namespace ferrule::probes
