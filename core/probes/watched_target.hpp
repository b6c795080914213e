// All that is known about one target of one check.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "probes/agreement.hpp"
#include "probes/anchors.hpp"
#include "probes/check_state.hpp"

namespace ferrule::probes {

/// Follows a target from each location and makes one state of what the locations settled on. Each location has its own
/// soft and hard states; the agreement needs no further attempts, and only its transitions notify. Until there have
/// been enough votes once, or for the life of a vote after the beginning or a restart (20 s at least, in which nodes
/// come back), too few votes change nothing.
/// Late samples are welcome: they count with their true time. Sans-I/O, not thread-safe.
class watched_target {
  public:
    /// `since`: when watching begins, or goes on after a restart.
    watched_target(const model::check& of, std::string target, std::span<const std::string> locations,
                   base::wall_time since);

    /// What holds around the target as a whole; `cut_off` may be null when no location has anchors.
    struct view {
        surroundings around;
        const anchors* cut_off = nullptr;
    };

    /// Takes what a location found at `at`; a time after `now` is taken as now. `reachable_there`: its parents are up
    /// as that location sees them. A location that does not watch, and a sample that is not newer than its last one,
    /// change nothing.
    std::vector<transition> take(const std::string& location, const verdict& found, base::wall_time at,
                                 bool reachable_there, const view& seen, base::wall_time now);

    /// Looks again because votes have expired, parents or anchors have changed or a maintenance window has begun or
    /// ended.
    std::vector<transition> look(const view& seen, base::wall_time now);

    /// When to look again at the latest, if no sample comes before.
    [[nodiscard]] std::optional<base::wall_time> next_look(base::wall_time now) const;

    /// The check was changed, or its locations. What a location knew stays with it; one that is gone votes no more.
    void change(const model::check& of, std::span<const std::string> locations);

    /// What the locations agree on.
    [[nodiscard]] const check_state& agreed() const noexcept { return agreed_; }

    /// Counts of the last look.
    [[nodiscard]] const tally& votes_now() const noexcept { return last_tally_; }

    /// By name.
    [[nodiscard]] const std::map<std::string, check_state>& locations() const noexcept { return locations_; }

    /// Whether the location is to try again before its next tick.
    [[nodiscard]] bool wants_retry(const std::string& location) const;

    [[nodiscard]] base::json to_json() const;
    /// Takes up the states of locations that still watch. Fails with `corrupt_record`, and is as it was then.
    result<void> restore(const base::json& kept);

  private:
    using changes = std::vector<transition>;

    void not_after(base::wall_time now);
    void decide(const view& seen, base::wall_time now, changes& into);
    [[nodiscard]] std::vector<ballot> ballots(const anchors* cut_off) const;
    [[nodiscard]] verdict word(const tally& counted, std::span<const ballot> cast, base::wall_time now) const;
    void add(changes& into, changes made, const std::string& location) const;

    std::string check_;
    std::string target_;
    state_rules location_rules_;
    agreement_rules rules_;
    std::map<std::string, check_state> locations_;
    check_state agreed_;
    model::health last_known_ = model::health::pending;
    tally last_tally_;
    base::wall_time since_;
};

} // namespace ferrule::probes
