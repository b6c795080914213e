// Settings of the link between controllers and agents.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

template <>
const shape& shape_of<fleet_settings>() {
    static const auto built =
        builder<fleet_settings>()
            .add("listen", &fleet_settings::listen,
                 "Where agents are awaited; without it there are none. Needs the authority that `ferrule ca init` "
                 "makes.",
                 {.example = "[\"*:8521\"]", .check = check_listen_tcp})
            .add("max_agents", &fleet_settings::max_agents,
                 "Agents that are connected at the same time; more are told to come back later.",
                 {.least = 1, .most = 1'000'000})
            .add("max_handshakes", &fleet_settings::max_handshakes,
                 "Handshakes in progress at the same time; agents that return together wait their turn.",
                 {.least = 1, .most = 100'000})
            .add("handshake_timeout", &fleet_settings::handshake_timeout,
                 "How long an agent may take to connect, show its certificate and greet.",
                 {.least = span(100ms), .most = span(10min)})
            .add("certificate_lifetime", &fleet_settings::certificate_lifetime,
                 "How long the certificates of agents are valid. Agents renew theirs after two thirds of it.",
                 {.least = span(1min), .most = span(87600h)})
            .build();
    return built;
}

template <>
const shape& shape_of<agent_jobs_settings>() {
    static const auto built =
        builder<agent_jobs_settings>()
            .add("enabled", &agent_jobs_settings::enabled,
                 "Whether device jobs may run here. Limits, timeouts and keepalives are those of `jobs` in this file.")
            .build();
    return built;
}

template <>
const shape& shape_of<agent_settings>() {
    static const auto built =
        builder<agent_settings>()
            .add("name", &agent_settings::name,
                 "The name that an agent asks for when it joins; a join token may lay down another.",
                 {.check = check_name, .pattern = name_pattern, .default_text = "`node`"})
            .add("controllers", &agent_settings::controllers,
                 "The controllers, tried in turn. An agent dials out and opens no port.",
                 {.example = "[controller.example.net:8521]", .check = check_host_port})
            .add("join_token", &agent_settings::join_token,
                 "The token from `ferrule agent token create`; used when the agent has no certificate, or one that is "
                 "refused. "
                 "Better `!file join.token` or `${VARIABLE}` than clear text.")
            .add("labels", &agent_settings::labels, "Labels by which the agent is chosen; those of its token win.",
                 {.example = "{site: fra1}"})
            .add("region", &agent_settings::region, "Where the agent is.")
            .add("heartbeat", &agent_settings::heartbeat, "How often the agent tells how its host fares.",
                 {.least = span(100ms), .most = span(1h)})
            .add("connect_timeout", &agent_settings::connect_timeout,
                 "For a connection to come up and the controller to greet.",
                 {.least = span(100ms), .most = span(10min)})
            .add("reconnect_max", &agent_settings::reconnect_max,
                 "The longest time between two attempts to connect; the actual ones are random.",
                 {.least = span(100ms), .most = span(1h)})
            .add("spool", &agent_settings::spool,
                 "What is kept for a controller that does not answer; past it the oldest is dropped and counted.",
                 {.least = 65536, .most = std::int64_t{1} << 40U})
            .add("exec", &agent_settings::exec, "Commands on the agent's host; off unless it is turned on here.")
            .add("jobs", &agent_settings::jobs, "Device jobs on this agent; off unless it is turned on here.")
            .build();
    return built;
}

} // namespace ferrule::config::schema
