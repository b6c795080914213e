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

/// What an included inventory file may hold.
struct inventory_entries {
    std::vector<credential_entry> credentials;
    std::vector<device_entry> devices;
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
