// Settings of device jobs.
#include "config/schema/builder.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

template <>
const shape& shape_of<keepalive_settings>() {
    static const auto built =
        builder<keepalive_settings>()
            .add("ssh", &keepalive_settings::ssh, "Between keepalives of the transport; 0 = none.",
                 {.least = span(1s), .most = span(24h), .zero = true})
            .add("probe", &keepalive_settings::probe,
                 "Between RETURNs whose prompt must come back; a session that fails is closed; "
                 "0 = none.",
                 {.least = span(1s), .most = span(24h), .zero = true})
            .build();
    return built;
}

template <>
const shape& shape_of<local_node_settings>() {
    static const auto built = builder<local_node_settings>()
                                  .add("enabled", &local_node_settings::enabled,
                                       "Whether jobs run in this process too; without it they all run on agents.")
                                  .add("region", &local_node_settings::region, "Where this process is.")
                                  .add("labels", &local_node_settings::labels,
                                       "Labels by which `nodes` of a device chooses it.", {.example = "{site: fra1}"})
                                  .build();
    return built;
}

template <>
const shape& shape_of<jobs_settings>() {
    constexpr auto year = span(8760h);
    static const auto built =
        builder<jobs_settings>()
            .add("max_queued", &jobs_settings::max_queued, "Jobs that may wait; more are refused with `overloaded`.",
                 {.least = 1, .most = 10'000'000})
            .add("max_running_fifo", &jobs_settings::max_running_fifo, "`fifo` jobs that run at the same time.",
                 {.least = 1, .most = 100'000})
            .add("max_sessions", &jobs_settings::max_sessions, "Pinned sessions that are open at the same time.",
                 {.least = 1, .most = 1'000'000})
            .add("max_opening", &jobs_settings::max_opening, "Logins in progress at the same time.",
                 {.least = 1, .most = 100'000})
            .add("max_commands", &jobs_settings::max_commands, "Commands or configuration lines of one job.",
                 {.least = 1, .most = 1'000'000})
            .add("keep_finished_in_memory", &jobs_settings::keep_finished_in_memory,
                 "Finished jobs that are answered without asking the store, at most 64MiB of them.",
                 {.most = 10'000'000})
            .add("output_limit", &jobs_settings::output_limit,
                 "Output kept of one command; what was cut off is marked as `truncated`.",
                 {.least = 1024, .most = std::int64_t{1} << 30U})
            .add("job_output_limit", &jobs_settings::job_output_limit,
                 "Output kept of all commands of one job together; what was cut off is marked as `truncated`.",
                 {.least = 1024, .most = std::int64_t{1} << 30U})
            .add("default_ttl", &jobs_settings::default_ttl,
                 "How long a job may wait before it expires, when it does not say itself.",
                 {.least = span(1ms), .most = year})
            .add("default_timeout", &jobs_settings::default_timeout,
                 "How long a job may run, connecting included, when it does not say itself.",
                 {.least = span(1ms), .most = year})
            .add("max_timeout", &jobs_settings::max_timeout, "The longest time that a job may ask for.",
                 {.least = span(1ms), .most = year})
            .add("connect_timeout", &jobs_settings::connect_timeout, "For a connection to come up.",
                 {.least = span(1ms), .most = span(1h)})
            .add("auth_timeout", &jobs_settings::auth_timeout, "For key exchange, login and the first prompt.",
                 {.least = span(1ms), .most = span(1h)})
            .add("idle_timeout", &jobs_settings::idle_timeout,
                 "How long a command may stay without any output before it fails.",
                 {.least = span(1ms), .most = span(24h)})
            .add("session_ttl", &jobs_settings::session_ttl, "How long an idle pinned session stays open.",
                 {.least = span(1s), .most = year})
            .add("auth_hold_back", &jobs_settings::auth_hold_back,
                 "How long a device is left alone after a refused login, so that no account is locked; 0 = not.",
                 {.least = span(1s), .most = year, .zero = true})
            .add("idempotency_window", &jobs_settings::idempotency_window,
                 "How long the answer to an `Idempotency-Key` is remembered.", {.least = span(1s), .most = year})
            .add("keepalive", &jobs_settings::keepalive, "How open sessions are kept open and checked.")
            .add("local", &jobs_settings::local, "The controller itself as a node.")
            .add("node_timeout", &jobs_settings::node_timeout,
                 "How long an agent may be gone before its jobs go elsewhere and its running changes are `unknown`.",
                 {.least = span(100ms), .most = span(24h)})
            .build();
    return built;
}

} // namespace ferrule::config::schema
