// Availability and latency over a window, from memory and from disk.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "probes/rollup.hpp"

namespace ferrule::probes {

/// What is asked for. Targets and locations that are not told apart are summed up.
struct figures_query {
    std::string check;
    base::duration window = std::chrono::hours(24); ///< Up to now.
    bool by_target = false;
    bool by_location = false;
};

/// Sums up parts of windows, and remembers which stretch they cover.
class figures_sum {
  public:
    figures_sum(bool by_target, bool by_location)
        : by_target_(by_target)
        , by_location_(by_location) {}

    /// A part with nothing in it covers its stretch as well.
    void add(const std::string& target, const std::string& location, const rollup& part, base::wall_time from,
             base::wall_time until);

    /// A list of objects with target and location (where they are told apart), the stretch and the figures.
    [[nodiscard]] base::json to_json() const;

  private:
    struct sum {
        rollup total;
        base::wall_time from{};
        base::wall_time until{};
    };

    bool by_target_;
    bool by_location_;
    std::map<std::pair<std::string, std::string>, sum> sums_;
};

} // namespace ferrule::probes
