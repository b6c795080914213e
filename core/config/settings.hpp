// Everything that the configuration decides, with the defaults; this is the only place where defaults stand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/exporter_settings.hpp"
#include "config/fleet_settings.hpp"
#include "config/inventory.hpp"
#include "config/paths.hpp"
#include "config/probe_settings.hpp"
#include "config/types.hpp"
#include "model/token.hpp"

namespace ferrule::config {

using namespace std::chrono_literals;

enum class role { standalone, controller, agent };

enum class log_format { text, json };

enum class durability { normal, full };

enum class tls_version { tls_1_2, tls_1_3 };

struct log_settings {
    base::log::level level = base::log::level::info;
    log_format format = log_format::text;
};

struct runtime_settings {
    std::uint32_t threads = 1;
    std::uint32_t blocking_threads = 4;
    base::duration shutdown_grace = 10s;
};

/// TLS is on when `cert` is set. With `client_ca` clients must show a certificate that it signed.
struct tls_settings {
    std::filesystem::path cert;
    std::filesystem::path key;
    std::filesystem::path client_ca;
    tls_version min_version = tls_version::tls_1_2;

    [[nodiscard]] bool enabled() const noexcept { return !cert.empty(); }
};

/// Per token (per address without one); 0 requests a second means no limit.
struct rate_limit_settings {
    std::uint32_t requests_per_second = 0;
    std::uint32_t burst = 100;
};

struct auth_settings {
    bool anonymous_health = true;
    bool anonymous_metrics = false;
};

struct http_settings {
    std::vector<std::string> listen{"127.0.0.1:8520"}; ///< As check_listen takes them; port 0 takes a free one.
    tls_settings tls;
    byte_size max_body = mebibytes(4);
    byte_size max_header = kibibytes(16);
    std::uint32_t max_connections = 4096;
    std::uint32_t max_event_streams = 1024;
    base::duration header_timeout = 10s;
    base::duration body_timeout = 30s;
    base::duration write_timeout = 30s;
    base::duration idle_timeout = 60s;
    base::duration max_wait = 5min; ///< The most that `?wait=` may ask for.
    rate_limit_settings rate_limit;
    auth_settings auth;
};

struct plugins_settings {
    std::vector<std::filesystem::path> folders = default_plugin_folders();
    std::map<std::string, json_text> settings; ///< By plugin name; handed to its `create`.
    base::duration callback_warn = 100ms;
    base::duration cancel_grace = 5s;
    std::uint32_t blocking_per_plugin = 4;
};

struct retention_settings {
    base::duration jobs = 720h;
    base::duration audit = 2160h;
    base::duration commands = 720h;
    base::duration samples = 24h;
    base::duration rollups = 9600h;
};

struct store_settings {
    std::string plugin = "sqlite";
    config::durability durability = config::durability::normal;
    std::filesystem::path path; ///< The loader sets it to `<data_dir>/ferrule.db` when it is not given.
    retention_settings retention;
    json_text settings;
};

struct scheduler_settings {
    std::string plugin = "least_load";
    json_text settings;
};

struct keepalive_settings {
    base::duration ssh = 30s;
    base::duration probe = 60s;
};

/// The node inside a controller.
struct local_node_settings {
    bool enabled = true;
    std::string region;
    std::map<std::string, std::string> labels;
};

struct jobs_settings {
    std::uint32_t max_queued = 100'000;
    std::uint32_t max_running_fifo = 256;
    std::uint32_t max_sessions = 10'000;
    std::uint32_t max_opening = 64; ///< Handshakes in flight; they cost processor time on both sides.
    std::uint32_t max_commands = 1'000;
    std::uint32_t keep_finished_in_memory = 10'000;
    byte_size output_limit = mebibytes(1); ///< Of one command.
    byte_size job_output_limit = mebibytes(64);
    base::duration default_ttl = 10min;
    base::duration default_timeout = 60s;
    base::duration max_timeout = 24h;
    base::duration connect_timeout = 10s;
    base::duration auth_timeout = 15s;
    base::duration idle_timeout = 30s; ///< Without any output.
    base::duration session_ttl = 5min;
    base::duration auth_hold_back = 5min;
    base::duration idempotency_window = 24h;
    keepalive_settings keepalive;
    local_node_settings local;
    base::duration node_timeout = 60s; ///< How long an agent may be gone before its jobs go elsewhere.
};

struct secrets_settings {
    std::filesystem::path key_file; ///< The loader sets it to `<data_dir>/secret.key` when it is not given.
};

struct platforms_settings {
    std::vector<std::filesystem::path> folders = default_platform_folders(); ///< A later one overrides an earlier one.
};

/// A bearer token known from the configuration. `hash` is what `ferrule token hash` prints, never the token itself.
struct token_settings {
    std::string name;
    model::role role = model::role::viewer;
    std::string hash;
};

struct settings {
    config::role role = config::role::standalone;
    std::string node; ///< Name of this process among nodes; the loader takes the host name when it is not given.
    std::filesystem::path data_dir = default_data_dir();
    std::filesystem::path run_dir; ///< The loader sets it to `<data_dir>/run` when it is not given.
    log_settings log;
    runtime_settings runtime;
    http_settings http;
    plugins_settings plugins;
    store_settings store;
    scheduler_settings scheduler;
    jobs_settings jobs;
    secrets_settings secrets;
    platforms_settings platforms;
    probes_settings probes;
    fleet_settings fleet;
    agent_settings agent;
    commands_settings commands;
    std::vector<token_settings> tokens;
    std::vector<std::string> inventory_files; ///< As written: names or glob patterns, relative to the file.
    config::inventory inventory;              ///< Of the file itself and of all that it includes.
    std::filesystem::path file;               ///< Where it was read from; empty for the defaults.
    std::vector<std::string> warnings;        ///< `file:line:col: path: message`, to be logged once logging stands.
    exporter_settings exporter;
};

} // namespace ferrule::config
