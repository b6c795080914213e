// Counters of network interfaces turned into what has passed.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::fleet {

/// One interface: what its counters said last, what has passed since the agent joined, and how fast it passes.
struct interface_traffic {
    struct pair {
        std::uint64_t rx = 0;
        std::uint64_t tx = 0;
    };

    pair counter;
    pair passed;
    pair a_second;
};

/// The bytes of all interfaces of one host. A counter that went back, or a host that was booted anew, began at zero; a
/// counter seen for the first time is where counting begins. Sans-I/O.
class traffic {
  public:
    /// `interfaces` is {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, …}; what is not of this form is passed over.
    void take(const base::json& interfaces, const std::string& host_boot, base::steady_time now);

    [[nodiscard]] const std::map<std::string, interface_traffic>& interfaces() const noexcept { return all_; }

    [[nodiscard]] base::json to_record() const;
    static traffic from_record(const base::json& value);

  private:
    std::map<std::string, interface_traffic> all_;
    std::string host_boot_;
    base::steady_time taken_at_{}; ///< Zero: not by this process.
};

} // namespace ferrule::fleet
