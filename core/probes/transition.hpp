// A change of state as a value: what alerts, events and the log are made from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "model/health.hpp"

namespace ferrule::probes {

enum class change {
    soft,             ///< A problem that may pass, its next attempt, or its end before it was settled.
    hard,             ///< Settled.
    unreachable,      ///< It fails, and what it depends on is down.
    flapping_started, ///< It changes too often to be believed.
    flapping_ended,
    released, ///< Nothing changed, but what was held back before may be told now.
};

/// Why nobody is to be called about a transition.
enum class held_back {
    nothing, ///< Tell it.
    soft,
    known, ///< It is as was last told; nothing told means that it is fine.
    maintenance,
    unreachable,
    flapping,
    one_location, ///< Locations alone do not decide.
};

/// `from` and `to` are what was shown before and is now, for `hard` and `released` the settled or announced states.
struct transition {
    std::string check;
    std::string target;
    std::string location; ///< Empty for what the locations agree on.
    change what = change::soft;
    model::health from = model::health::pending;
    model::health to = model::health::pending;
    std::uint32_t attempt = 1;
    std::uint32_t max_attempts = 1;
    base::wall_time at{};
    std::string reason;
    held_back by = held_back::nothing;

    [[nodiscard]] bool notifies() const noexcept { return by == held_back::nothing; }
};

std::string_view to_text(change what) noexcept;
std::string_view to_text(held_back by) noexcept;
base::json to_json(const transition& shown);

} // namespace ferrule::probes
