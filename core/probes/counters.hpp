// How much counters have grown, whatever restarts the one who counts.
#pragma once

#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::probes {

/// Turns readings of counters that only grow into increases. A reading below the last one means that counting began
/// anew, so all of it is increase; the first reading of all is none, as nobody knows when it began. Not thread-safe.
class counters {
  public:
    /// A reading from before the last one, or one that is no count, is no increase and is forgotten.
    double increase(const std::string& name, double reading, base::wall_time at);

    [[nodiscard]] bool empty() const noexcept { return last_.empty(); }

    [[nodiscard]] base::json to_json() const;
    /// Fails with `corrupt_record`.
    static result<counters> from_json(const base::json& kept);

  private:
    struct reading {
        double value = 0;
        base::wall_time at{};
    };

    std::map<std::string, reading> last_;
};

} // namespace ferrule::probes
