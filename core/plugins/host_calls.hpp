// The functions behind the host table.
#pragma once

#include <ferrule/abi/host.h>

#include <string>
#include <string_view>

namespace ferrule::plugins {

class metrics_sink;

inline std::string_view view_of(frl_str text) noexcept {
    return text.ptr == nullptr ? std::string_view{} : std::string_view(text.ptr, text.len);
}

/// Writes a plugin's line under `part`.
void log_for_plugin(std::string_view part, std::int32_t level, frl_str message, const frl_kv* fields,
                    std::uint32_t count);
/// Interns `ferrule_plugin_<name>` with the plugin's name as a label; 0 for a name or label that Prometheus would
/// refuse.
frl_metric metric_for_plugin(metrics_sink& metrics, std::string_view plugin, std::uint32_t kind, frl_str name,
                             frl_str help, const frl_kv* tags, std::uint32_t count);
/// frl_host.error_set, the same for every table.
void set_error(void* ctx, frl_error* error, frl_str code, frl_str message, int32_t retryable,
               frl_str details_json) noexcept;
std::uint64_t monotonic_ns(void* ctx) noexcept;

/// A host table for `ferrule_plugin_entry`'s init: logging, metrics, time and errors, valid for as long as the process.
const frl_host* make_init_host(metrics_sink& metrics, const std::string& plugin);

} // namespace ferrule::plugins
