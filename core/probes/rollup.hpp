// Many results as a few figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"
#include "model/sample.hpp"
#include "probes/histogram.hpp"
#include "probes/judge.hpp"

namespace ferrule::probes {

enum class outcome {
    up,
    down,
    unknown, ///< The probe could not be made; neither for nor against the target.
    excused, ///< Down in a maintenance window.
};

/// What of a sample is kept in figures.
struct measurement {
    base::wall_time at{};
    outcome what = outcome::unknown;
    std::uint32_t packets_sent = 0; ///< As the probe counts them; 0, as the others, when it counts none.
    std::uint32_t packets_lost = 0;
    std::uint32_t packets_lost_local = 0; ///< Dropped by the node that measured; neither answered nor lost.
    std::optional<double> latency_ms;     ///< Only of probes that succeeded.
};

measurement measure(const model::check& of, const model::sample& from, const verdict& judged, bool maintenance);

/// The figures of a stretch of time, which begins at `start`. Merging those of two stretches, locations or targets
/// gives those of all their results.
struct rollup {
    base::wall_time start{};
    std::uint64_t count = 0; ///< Up and down; the rest is in neither this nor availability.
    std::uint64_t ok = 0;
    std::uint64_t unknown = 0;
    std::uint64_t excused = 0;
    double sum_ms = 0;
    double min_ms = 0; ///< 0 without latencies, as are the others.
    double max_ms = 0;
    histogram latency;
    std::uint64_t packets_sent = 0; ///< The packets of failures in maintenance are left out, as these are.
    std::uint64_t packets_lost = 0;
    std::uint64_t packets_lost_local = 0;

    void add(const measurement& one);
    /// Keeps its own start.
    void merge(const rollup& other);

    /// 0 to 1; none when nothing was measured.
    [[nodiscard]] std::optional<double> availability() const noexcept;
    /// 0 to 1, of packets of which it is known; none without such.
    [[nodiscard]] std::optional<double> loss_ratio() const noexcept;
    [[nodiscard]] std::optional<double> mean_ms() const noexcept;
    /// As histogram::quantile, within min and max.
    [[nodiscard]] std::optional<double> quantile_ms(double share) const noexcept;

    friend bool operator==(const rollup&, const rollup&) = default;
};

/// For keeping: everything, the histogram included.
base::json to_json(const rollup& kept);
/// Fails with `corrupt_record`.
result<rollup> rollup_from_json(const base::json& kept);

/// For people and programs: availability, mean and the percentiles 50, 90, 95 and 99; loss where packets were counted.
base::json figures_json(const rollup& shown);

} // namespace ferrule::probes
