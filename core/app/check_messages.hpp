// What controller and agent say to each other about checks and probes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/sample.hpp"
#include "probes/assignment.hpp"

namespace ferrule::app::messages {

inline constexpr auto checks_feature = "checks/1";
inline constexpr auto probes_feature = "probes/1";

inline constexpr auto assign = "checks.assign";     ///< To the agent: a part of all that it is to measure.
inline constexpr auto assigned = "checks.assigned"; ///< To the controller: a part has arrived.
inline constexpr auto run = "checks.run";           ///< To the agent: a check is wanted now.
inline constexpr auto samples = "checks.samples";   ///< A delivery: what it measured.
inline constexpr auto probe = "probes.run";         ///< To the agent: measure this once.
inline constexpr auto outcome = "probes.outcome";   ///< One of what was to be measured once.

/// All that an agent is to measure, in messages of a bounded size; the same assignments give the same `set`.
struct assigned_parts {
    std::string set;
    std::vector<std::string> parts;
};

assigned_parts assignment_parts(const std::vector<probes::assignment>& all);

/// Which part of which set an agent has.
struct confirmed_part {
    std::string set;
    std::size_t index = 0;
};

/// What an agent answers to a part that it could take.
std::string confirmation_of(const base::json& part);
result<confirmed_part> read_confirmation(const base::json& body);

/// Puts the parts together again. Not thread-safe.
class assignment_collector {
  public:
    /// The bodies of a whole set once its last part is there; empty before. A part of another set begins anew. Fails
    /// with `invalid_request`.
    result<std::vector<std::string>> take(const base::json& part);

  private:
    std::string set_;
    std::vector<std::string> parts_;
    std::size_t missing_ = 0;
};

/// Reads the bodies of a set; what this version does not know is left out and told in `refused`. `invalid_request`.
result<std::vector<probes::assignment>> read_assignments(const std::vector<std::string>& bodies,
                                                         std::vector<error>& refused);

/// Bodies of deliveries, each below the longest that a delivery may be.
std::vector<std::string> sample_bodies(const std::vector<model::sample>& all);

std::string probe_request(const std::string& id, const std::string& name, const std::vector<std::string>& inputs,
                          base::duration timeout);

struct wanted_probe {
    std::string id;
    std::string probe;
    std::vector<std::string> inputs;
    base::duration timeout{};
};

result<wanted_probe> read_probe_request(const base::json& body);

struct told_outcome {
    std::string id;
    std::size_t index = 0;
    result<std::string> what{std::string()};
};

std::string outcome_text(const std::string& id, std::size_t index, const result<std::string>& what);
result<told_outcome> read_outcome(const base::json& body);

} // namespace ferrule::app::messages
