// The history of one check at one location.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "probes/rollup.hpp"

namespace ferrule::probes {

/// How much a series keeps in memory.
struct series_limits {
    base::duration hours = std::chrono::hours(48);
    base::duration minutes = std::chrono::hours(1);
    std::size_t samples = 120;
};

/// An hour to be written down. A part holds only what came after its whole was dropped from memory, and is to be merged
/// into what is stored.
struct changed_hour {
    rollup figures;
    bool whole = true;
};

/// Figures of a window, and which part of it they cover.
struct window_figures {
    base::wall_time from{};
    base::wall_time until{};
    rollup total;
};

/// Adds each result to its hour, its minute and the recent ones, wherever in time it belongs: results that come late
/// count where they were measured. Each result is to be given once. Hours and minutes are those of UTC. Not
/// thread-safe.
class series {
  public:
    explicit series(series_limits limits = {})
        : limits_(limits) {}

    /// `now` decides what is dropped.
    void add(const measurement& one, base::wall_time now);

    /// Whether a result of that time is one that was not given yet; one from before the recent ones is taken for known,
    /// so results of one location must come in the order of their making.
    [[nodiscard]] bool is_new(base::wall_time at) const;
    /// The clock was set back if recent results lie ahead: they no longer make what comes now a repetition. Minutes and
    /// hours keep them.
    void forget_after(base::wall_time now);

    /// The hours that have changed since the last call.
    std::vector<changed_hour> take_changed();
    /// They could not be written down: as if they had not been taken.
    void give_back(std::vector<changed_hour> untold);

    // For a restart from what was written down.
    /// An hour as it was written down.
    void restore_hour(rollup kept);
    /// A result that is contained in the hours already.
    void recall(const measurement& one, base::wall_time now);
    /// Nothing finer than hours is known from before.
    void forget_before(base::wall_time at);

    /// The figures from `from` until just before `until`, from the finest parts that are kept: results at edges within
    /// the recent ones, minutes, and hours in between. Where the beginning lies in a part that is only kept as a whole
    /// it is left out, at the end likewise.
    [[nodiscard]] window_figures window(base::wall_time from, base::wall_time until) const;

    [[nodiscard]] const std::map<base::wall_time, rollup>& hourly() const noexcept { return hours_; }

  private:
    using rollups = std::map<base::wall_time, rollup>;

    rollup& hour_of(base::wall_time at);
    void add_fine(const measurement& one, base::wall_time now);
    void keep_recent(const measurement& one);
    void drop_old(base::wall_time now);

    series_limits limits_;
    rollups hours_;
    rollups minutes_;
    rollups late_; ///< Parts of hours that were dropped.
    std::set<base::wall_time> changed_;
    std::deque<measurement> recent_; ///< By time.
    // From here on everything is kept.
    base::wall_time hours_since_ = base::wall_time::min();
    base::wall_time minutes_since_ = base::wall_time::min();
    base::wall_time samples_since_ = base::wall_time::min();
};

} // namespace ferrule::probes
