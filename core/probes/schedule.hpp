// When each check runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "probes/due_heap.hpp"

namespace ferrule::probes {

/// One run that is due. A late one reports how late, and how many ticks before it were skipped because they passed
/// unseen.
struct due_run {
    std::uint32_t id = 0;
    base::steady_time at{}; ///< When it should have begun.
    base::duration lag{};
    std::uint64_t missed = 0;
    bool retry = false; ///< Between ticks, because a state is soft.
};

/// Runs thousands of checks at a fixed phase that never drifts: the ticks of an item are `origin + phase + n ·
/// interval`, whatever happens between. Each tick is either taken once or counted as missed once; of several that
/// passed unseen only the latest is taken. Everything lies on a grid of 1 ms. Time comes in as an argument, monotonic:
/// a wall clock that is set does not matter, and a time before an earlier one finds nothing due. Not thread-safe.
class schedule {
  public:
    using id = std::uint32_t;

    /// Ticks are counted from `origin`; see wall_origin.
    explicit schedule(base::steady_time origin)
        : origin_(origin) {}

    /// The first tick is the first one that is not before `now`. The interval is at least 1 ms. Ids of removed items
    /// are used again.
    id add(base::duration interval, base::duration phase, base::steady_time now);
    /// Another interval and phase, as if it were added again; a retry is forgotten.
    void change(id which, base::duration interval, base::duration phase, base::steady_time now);
    void remove(id which);

    /// One more run at about `at`, in place of an earlier wish; without effect when the next tick comes first.
    void retry(id which, base::steady_time at);
    void forget_retry(id which);

    /// Appends to `into` what is due at `now`, in the order of time, at most `most` runs; what remains is due at once.
    void take(base::steady_time now, std::size_t most, std::vector<due_run>& into);

    /// When to come again; none when there is nothing to run.
    [[nodiscard]] std::optional<base::steady_time> next() const;

    [[nodiscard]] std::size_t size() const noexcept { return due_.size(); }

    /// Ticks that were skipped, of all items since the beginning.
    [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

  private:
    struct item {
        base::duration interval{};
        base::steady_time tick{}; ///< The next one.
        std::optional<base::steady_time> retry;
    };

    void arm(id which);

    base::steady_time origin_;
    std::vector<item> items_;
    std::vector<id> free_;
    due_heap due_;
    std::uint64_t missed_ = 0;
};

/// The monotonic time at which the wall clock read the epoch, in whole milliseconds of the wall clock: with it as
/// origin, phases count from the epoch, and a restarted process keeps them.
base::steady_time wall_origin(base::steady_time steady_now, base::wall_time wall_now) noexcept;

} // namespace ferrule::probes
