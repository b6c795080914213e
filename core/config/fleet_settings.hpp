// What controllers and agents of a fleet are told about each other.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "config/exec_settings.hpp"
#include "config/types.hpp"

namespace ferrule::config {

/// How a controller takes agents.
struct fleet_settings {
    std::vector<std::string> listen; ///< As check_listen takes them, without Unix sockets; empty takes no agents.
    std::uint32_t max_agents = 10'000;
    std::uint32_t max_handshakes = 64; ///< In progress at once; see net/admission.hpp for those beyond.
    base::duration handshake_timeout = std::chrono::seconds(10);
    base::duration certificate_lifetime = std::chrono::hours(24 * 90);
};

/// What device jobs an agent takes; their limits stand under `jobs`, as everywhere.
struct agent_jobs_settings {
    bool enabled = false;
};

/// How an agent finds its controllers and what it says of itself.
struct agent_settings {
    std::string name; ///< The loader takes `node` when it is not given.
    std::vector<std::string> controllers;
    base::secret join_token; ///< Only for enrolment; may stay or go afterwards.
    std::map<std::string, std::string> labels;
    std::string region;
    base::duration heartbeat = std::chrono::seconds(10);
    base::duration connect_timeout = std::chrono::seconds(10);
    base::duration reconnect_max = std::chrono::seconds(60);
    byte_size spool = mebibytes(64);
    exec_settings exec;
    agent_jobs_settings jobs;
};

} // namespace ferrule::config
