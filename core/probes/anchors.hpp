// Which locations are themselves connected.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace ferrule::probes {

/// Remembers of each location whether it reached its own anchors, the hosts that it is known to be cut off without. A
/// location that has no anchors never reports and is taken as connected. Not thread-safe.
class anchors {
  public:
    struct standing {
        bool reached = true;
        std::optional<base::wall_time> last_reached;
        std::optional<base::wall_time> left_at; ///< When it last reached them before it was last cut off.
        std::optional<base::wall_time> back_at; ///< When it reached them again.

        /// Whether what it saw then was not seen while it was cut off.
        [[nodiscard]] bool believes(base::wall_time seen_at) const noexcept;
    };

    /// A report from before the last one changes nothing. True when the location has become connected or cut off.
    bool report(const std::string& location, bool reached, base::wall_time at);
    void forget(const std::string& location);
    [[nodiscard]] standing of(const std::string& location) const;

  private:
    struct entry {
        standing now;
        base::wall_time at{};
    };

    std::map<std::string, entry> locations_;
};

} // namespace ferrule::probes
