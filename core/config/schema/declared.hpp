// The declarations of all settings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema/codec.hpp"
#include "config/settings.hpp"

namespace ferrule::config::schema {

/// A device as a file gives it: what the model knows, and a login that may stand in its place.
struct device_entry {
    model::device device;
    std::optional<std::string> username;
    std::optional<base::secret> password;
};

/// A credential as a file gives it.
struct credential_entry {
    model::credential credential;
    std::filesystem::path key_file;
};

/// A maintenance window as a file gives it: once or every week.
struct window_entry {
    std::string name;
    std::string from;
    std::string until;
    std::vector<std::string> days;
    std::string start;
    std::optional<base::duration> length;
    std::string utc_offset = "Z";
};

/// A check as a file gives it.
struct check_entry {
    model::check check;
    std::vector<window_entry> maintenance;
};

/// What an included inventory file may hold.
struct inventory_entries {
    std::vector<credential_entry> credentials;
    std::vector<device_entry> devices;
    std::vector<check_entry> checks;
};

/// What the main file may hold.
struct file_entries {
    settings values;
    inventory_entries inventory;
};

template <>
const shape& shape_of<file_entries>();
template <>
const shape& shape_of<inventory_entries>();
template <>
const shape& shape_of<device_entry>();
template <>
const shape& shape_of<credential_entry>();
template <>
const shape& shape_of<model::check_target>();
template <>
const shape& shape_of<model::node_filter>();
template <>
const shape& shape_of<model::quorum>();
template <>
const shape& shape_of<model::threshold>();
template <>
const shape& shape_of<model::flapping_limits>();
template <>
const shape& shape_of<model::dependency>();
template <>
const shape& shape_of<window_entry>();
template <>
const shape& shape_of<check_entry>();
template <>
const shape& shape_of<anchor_settings>();
template <>
const shape& shape_of<probes_settings>();
template <>
const shape& shape_of<exporter_settings>();
template <>
const shape& shape_of<model::jump_host>();
template <>
const shape& shape_of<model::prompt_reply>();
template <>
const shape& shape_of<token_settings>();
template <>
const shape& shape_of<log_settings>();
template <>
const shape& shape_of<runtime_settings>();
template <>
const shape& shape_of<tls_settings>();
template <>
const shape& shape_of<rate_limit_settings>();
template <>
const shape& shape_of<auth_settings>();
template <>
const shape& shape_of<http_settings>();
template <>
const shape& shape_of<plugins_settings>();
template <>
const shape& shape_of<retention_settings>();
template <>
const shape& shape_of<store_settings>();
template <>
const shape& shape_of<scheduler_settings>();
template <>
const shape& shape_of<keepalive_settings>();
template <>
const shape& shape_of<local_node_settings>();
template <>
const shape& shape_of<agent_jobs_settings>();
template <>
const shape& shape_of<model::node_selector>();
template <>
const shape& shape_of<jobs_settings>();
template <>
const shape& shape_of<secrets_settings>();
template <>
const shape& shape_of<platforms_settings>();
template <>
const shape& shape_of<fleet_settings>();
template <>
const shape& shape_of<agent_settings>();
template <>
const shape& shape_of<exec_program_settings>();
template <>
const shape& shape_of<exec_settings>();
template <>
const shape& shape_of<commands_settings>();

/// A length of time as the bound of a property.
constexpr std::int64_t span(base::duration value) noexcept {
    return value.count();
}

} // namespace ferrule::config::schema
