// Counters of network interfaces turned into what has passed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "model/agent.hpp"

namespace ferrule::fleet {

/// One interface: what its counters said last, what they have counted since the agent joined, and how fast they go.
struct interface_sums {
    model::interface_counters counter;
    model::interface_counters passed;
    std::uint64_t rx_per_second = 0; ///< Bytes.
    std::uint64_t tx_per_second = 0;
    std::uint64_t named = 0;  ///< Number of the last report that named it.
    bool bytes_alone = false; ///< Of a record that has no other counters.
};

/// The counters of all interfaces of one host, summed. A counter that went back, or a host that was booted anew, began
/// at zero, and so did an interface that the report before did not name; in the first report of all counting begins.
/// Interfaces that are not named any more keep their sums; there is room for 256, and the one gone longest goes first.
/// Sans-I/O.
class traffic {
  public:
    /// `interfaces` is {"eth0": {"rx_bytes": 1, "tx_bytes": 2, …}, …}; what is not of this form is passed over.
    void take(const base::json& interfaces, const std::string& host_boot, base::steady_time now);

    [[nodiscard]] const std::map<std::string, interface_sums>& interfaces() const noexcept { return all_; }

    [[nodiscard]] std::vector<model::interface_traffic> shown() const;

    [[nodiscard]] base::json to_record() const;
    /// Also of a record that has bytes alone.
    static traffic from_record(const base::json& value);

  private:
    void make_room();

    std::map<std::string, interface_sums> all_;
    std::string host_boot_;
    std::uint64_t reports_ = 0;
    bool left_out_ = false; ///< Since the host was booted: an interface that is not known may have been there before.
    base::steady_time taken_at_{}; ///< Zero: not by this process.
};

} // namespace ferrule::fleet
