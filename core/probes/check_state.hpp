// The state of one thing that is checked again and again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"
#include "probes/flapping.hpp"
#include "probes/judge.hpp"
#include "probes/transition.hpp"

namespace ferrule::probes {

struct state_rules {
    std::uint32_t max_attempts = 3;
    model::flapping_limits flapping;
};

/// What holds around a target when its state is looked at.
struct surroundings {
    bool reachable = true;    ///< What it depends on is up.
    bool maintenance = false; ///< Work on it is announced.
    bool flapping = false;    ///< It is known from elsewhere to flap.
};

/// Turns verdicts into states that can be relied on, as Icinga 2 does: a problem is soft until it has been seen
/// `max_attempts` times in a row, then hard; from one hard problem to another at once; ok is hard at once. While it
/// flaps, is in maintenance or its parent is down, states go on but nobody is told; what differs from what was last
/// told is told when that is over, and nothing is told that is over itself. The same machine serves one location
/// (results of probes) and the agreement of all (with one attempt). Sans-I/O, not thread-safe.
class check_state {
  public:
    explicit check_state(state_rules rules)
        : rules_(rules) {}

    /// Takes a verdict; one from before the last one changes nothing. Returns what changed, in order.
    std::vector<transition> take(const verdict& found, base::wall_time at, const surroundings& around);

    /// Looks again because time has passed or the surroundings changed.
    std::vector<transition> look(base::wall_time at, const surroundings& around);

    void change_rules(state_rules rules) { rules_ = rules; }

    /// As people see it.
    [[nodiscard]] model::health shown() const noexcept { return unreachable_ ? model::health::unreachable : state_; }

    /// The last that was settled; pending at first. Not touched while it is unreachable.
    [[nodiscard]] model::health settled() const noexcept { return settled_; }

    /// Whether to try again soon.
    [[nodiscard]] bool is_soft() const noexcept { return soft_ && !unreachable_; }

    [[nodiscard]] bool is_unreachable() const noexcept { return unreachable_; }

    [[nodiscard]] bool is_flapping() const noexcept { return flaps_; }

    [[nodiscard]] double flapping_percent() const noexcept { return history_.percent(); }

    [[nodiscard]] std::uint32_t attempt() const noexcept { return attempt_; }

    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

    /// When the last verdict was made.
    [[nodiscard]] const std::optional<base::wall_time>& last_at() const noexcept { return last_at_; }

    /// The clock was set back if the last result lies ahead: it counts as taken just before now, so that what comes is
    /// not older than that, and so that it ages.
    void not_after(base::wall_time now) noexcept;

    /// Since when it is as it is shown.
    [[nodiscard]] base::wall_time since() const noexcept { return since_; }

    /// Everything but the rules, for a restart.
    [[nodiscard]] base::json to_json() const;
    /// Fails with `corrupt_record`, and is as it was then.
    result<void> restore(const base::json& kept);

  private:
    using changes = std::vector<transition>;

    void enter_unreachable(changes& into, base::wall_time at);
    void advance(const verdict& found, base::wall_time at, const surroundings& around, changes& into);
    void follow_flapping(const surroundings& around, base::wall_time at, changes& into);
    void release(const surroundings& around, base::wall_time at, changes& into);
    [[nodiscard]] bool untold() const noexcept;
    [[nodiscard]] held_back reason_for_silence(const surroundings& around) const noexcept;
    [[nodiscard]] transition make(change what, model::health from, model::health to, base::wall_time at) const;

    state_rules rules_;
    model::health state_ = model::health::pending;
    model::health settled_ = model::health::pending;
    model::health announced_ = model::health::pending;
    bool soft_ = false;
    bool unreachable_ = false;
    bool flaps_ = false;
    std::uint32_t attempt_ = 1;
    flapping history_;
    std::string reason_;
    std::optional<base::wall_time> last_at_;
    base::wall_time since_{};
};

} // namespace ferrule::probes
