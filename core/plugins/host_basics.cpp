#include "plugins/host_calls.hpp"

#include "base/log.hpp"
#include "base/strings.hpp"
#include "plugins/error_slot.hpp"
#include "plugins/metrics_sink.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <vector>

namespace ferrule::plugins {

namespace {

base::log::level level_of(std::int32_t level) noexcept {
    switch (level) {
    case FRL_LOG_TRACE:
        return base::log::level::trace;
    case FRL_LOG_DEBUG:
        return base::log::level::debug;
    case FRL_LOG_INFO:
        return base::log::level::info;
    case FRL_LOG_WARN:
        return base::log::level::warn;
    default:
        return level < FRL_LOG_TRACE ? base::log::level::trace : base::log::level::error;
    }
}

bool is_metric_name(std::string_view name) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// What the table of init points to.
struct init_context {
    std::string plugin;
    metrics_sink& metrics;
};

struct init_host {
    init_context context;
    frl_host table;
};

void init_log(void* ctx, std::int32_t level, frl_str message, const frl_kv* fields, std::uint32_t count) noexcept {
    log_for_plugin("plugin." + static_cast<init_context*>(ctx)->plugin, level, message, fields, count);
}

frl_metric init_metric(void* ctx, std::uint32_t kind, frl_str name, frl_str help, const frl_kv* tags,
                       std::uint32_t count) noexcept {
    const auto& self = *static_cast<init_context*>(ctx);
    return metric_for_plugin(self.metrics, self.plugin, kind, name, help, tags, count);
}

void init_metric_add(void* ctx, frl_metric metric, double value) noexcept {
    static_cast<init_context*>(ctx)->metrics.add(metric, value);
}

} // namespace

void log_for_plugin(std::string_view part, std::int32_t level, frl_str message, const frl_kv* fields,
                    std::uint32_t count) {
    const auto at = level_of(level);
    if (!base::log::enabled(at))
        return;
    std::vector<base::log::field> all;
    for (std::uint32_t i = 0; fields != nullptr && i < count; ++i)
        all.push_back({view_of(fields[i].key), std::string(view_of(fields[i].value))});
    base::log::write(at, part, view_of(message), all);
}

frl_metric metric_for_plugin(metrics_sink& metrics, std::string_view plugin, std::uint32_t kind, frl_str name,
                             frl_str help, const frl_kv* tags, std::uint32_t count) {
    if (kind < FRL_METRIC_COUNTER || kind > FRL_METRIC_HISTOGRAM || !is_metric_name(view_of(name)))
        return 0;
    const auto which = kind == FRL_METRIC_COUNTER ? metric_kind::counter
                       : kind == FRL_METRIC_GAUGE ? metric_kind::gauge
                                                  : metric_kind::histogram;
    metric_labels all{{"plugin", std::string(plugin)}};
    for (std::uint32_t i = 0; tags != nullptr && i < count; ++i) {
        const auto key = view_of(tags[i].key);
        const auto value = view_of(tags[i].value);
        if (!is_metric_name(key) || key == "plugin" || !base::is_utf8(value))
            return 0;
        all.emplace_back(key, value);
    }
    return metrics.intern(which, "ferrule_plugin_" + std::string(view_of(name)), view_of(help), all);
}

void set_error(void* /*ctx*/, frl_error* error, frl_str code, frl_str message, int32_t retryable,
               frl_str details_json) noexcept {
    if (error == nullptr)
        return;
    auto name = std::string(view_of(code));
    if (name.empty())
        name = "plugin_failed";
    error->what = ferrule::error(std::move(name), std::string(view_of(message)), retryable != 0,
                                 std::string(view_of(details_json)));
}

std::uint64_t monotonic_ns(void* /*ctx*/) noexcept {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

const frl_host* make_init_host(metrics_sink& metrics, const std::string& plugin) {
    // The plugin may use it for as long as it is mapped, which is for good.
    static auto* const lock = new std::mutex;
    static auto* const all = new std::deque<init_host>;
    const std::lock_guard held(*lock);
    auto& made = all->emplace_back(init_host{{plugin, metrics}, {}});
    auto& table = made.table;
    table.struct_size = sizeof(frl_host);
    table.abi_minor = FRL_ABI_MINOR;
    table.ctx = &made.context;
    table.log = &init_log;
    table.metric = &init_metric;
    table.metric_add = &init_metric_add;
    table.now_ns = &monotonic_ns;
    table.error_set = &set_error;
    return &table;
}

} // namespace ferrule::plugins
