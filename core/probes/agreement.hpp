// What several locations agree on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "model/check.hpp"
#include "model/health.hpp"

namespace ferrule::probes {

/// The numbers of a vote, complete.
struct agreement_rules {
    std::uint32_t agree = 1;   ///< So many must see a problem.
    std::uint32_t voters = 1;  ///< With fewer votes nothing is known.
    base::duration lifetime{}; ///< A vote counts so long after its sample was taken.
    base::duration memory{};   ///< A problem that its location can confirm no more keeps from recovering so long.
};

/// What a check says, and the rest derived: the majority of the locations must agree, as many as that must vote, votes
/// live for two intervals and the timeout, and are remembered three times as long.
agreement_rules rules_for(const model::check& of, std::size_t locations);

/// What one location last settled on. ok, warning and critical are votes; the others abstain.
struct ballot {
    model::health state = model::health::pending;
    base::wall_time at{}; ///< Of its last sample.
    bool anchored = true; ///< It reaches its own anchors, so it is not itself cut off.
    bool believed = true; ///< It did so when it took its last sample.
};

struct tally {
    model::health state = model::health::unknown;
    std::uint32_t voters = 0;
    std::uint32_t agreeing = 0; ///< Votes for `state` or worse; of an ok, those for ok.
};

/// Whether the ballot counts at `now`.
bool votes(const ballot& cast, const agreement_rules& rules, base::wall_time now) noexcept;

/// Counts. A problem begins when `agree` votes say so; of two levels the worse one that has them. It ends when it would
/// not be one even if every location that saw it and has since fallen silent still did, for as long as that is
/// remembered; what a location saw after it last reached its anchors is not believed once it is known to be cut off,
/// nor when it is back, until it has measured again. With fewer than `voters` votes the state is unknown, never down.
/// `last_known` is the last state that was known.
tally count_votes(std::span<const ballot> ballots, const agreement_rules& rules, model::health last_known,
                  base::wall_time now) noexcept;

/// When the next vote stops to count or to be remembered, if no sample comes before; none when nothing will.
std::optional<base::wall_time> next_expiry(std::span<const ballot> ballots, const agreement_rules& rules,
                                           base::wall_time now) noexcept;

} // namespace ferrule::probes
