// The groups of endpoints, one source file each.
#pragma once

#include <vector>

#include "api/endpoint.hpp"
#include "api/services.hpp"
#include "config/settings.hpp"

namespace ferrule::api {

using endpoints = std::vector<endpoint>;

void add_jobs(endpoints& to, const services& over, const config::http_settings& wanted);
void add_job_stream(endpoints& to, const services& over);
void add_commands(endpoints& to, const services& over, const config::http_settings& wanted);
void add_command_records(endpoints& to, const services& over);
void add_command_stream(endpoints& to, const services& over);
void add_events(endpoints& to, const services& over);
void add_devices(endpoints& to, const services& over);
void add_credentials(endpoints& to, const services& over);
void add_tokens(endpoints& to, const services& over);
void add_sessions(endpoints& to, const services& over);
void add_plugins(endpoints& to, const services& over);
void add_nodes(endpoints& to, const services& over);
void add_checks(endpoints& to, const services& over);
void add_check_states(endpoints& to, const services& over);
void add_check_notes(endpoints& to, const services& over);
void add_check_runs(endpoints& to, const services& over, const config::http_settings& wanted);
void add_probe_runs(endpoints& to, const services& over, const config::http_settings& wanted);
/// None without a fleet.
void add_agents(endpoints& to, const services& over);
/// None without a fleet.
void add_join_tokens(endpoints& to, const services& over);
void add_health(endpoints& to, const services& over, const config::http_settings& wanted);

/// Commands were asked for where there are no agents.
error no_fleet();
error no_such_command(std::string_view id);

} // namespace ferrule::api
