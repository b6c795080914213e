// A process that dials in from elsewhere, as the controller knows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// online: connected and heard of in time; late: silent for longer than that, or its connection has just gone; offline:
/// said goodbye or has been silent for long; revoked: may not come back without a new join token.
enum class agent_state { online, late, offline, revoked };

/// What a kernel counts of one network interface.
struct interface_counters {
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_errors = 0;
    std::uint64_t rx_dropped = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t tx_errors = 0;
    std::uint64_t tx_dropped = 0;

    friend bool operator==(const interface_counters&, const interface_counters&) = default;
};

/// What an interface of an agent's host has counted since the agent joined, and the pace of late.
struct interface_traffic {
    std::string name;
    interface_counters passed;
    std::uint64_t received_per_second = 0; ///< Bytes.
    std::uint64_t sent_per_second = 0;
    bool present = true; ///< Named in the last heartbeat.
};

/// What is known of one agent. Immutable: each change makes a new one.
struct agent {
    std::string name; ///< What its certificate says.
    labels tags;
    std::string region;
    std::string version;
    std::string host;    ///< Host name, as it says.
    std::string boot_id; ///< Of its process; another one means that it was restarted.
    std::vector<std::string> features;
    std::string address; ///< Where its last connection came from.
    agent_state state = agent_state::offline;
    bool connected = false;
    base::duration heartbeat{};
    base::wall_time joined_at{};
    std::optional<base::wall_time> connected_at;
    std::optional<base::wall_time> last_seen_at;
    std::string certificate_serial;
    std::optional<base::wall_time> certificate_expires_at;
    std::uint64_t lost_deliveries = 0; ///< Dropped from its spool since it joined, as it told.
    std::uint64_t spooled = 0;         ///< Deliveries that waited in its spool at the last heartbeat.
    double load = 0;                   ///< Load average of one minute per core, at the last heartbeat.
    std::uint64_t ticks_missed = 0;    ///< Of checks, since it was started, at the last heartbeat.
    std::uint64_t results_lost = 0;    ///< Of checks that its disk did not take, likewise.
    std::vector<interface_traffic> traffic;
    std::string metrics; ///< JSON object of the last heartbeat; empty when there was none.
};

std::string_view to_text(agent_state what) noexcept;
std::optional<agent_state> agent_state_from(std::string_view text) noexcept;

} // namespace ferrule::model
