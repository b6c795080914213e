#include "plugins/misuse.hpp"

#include "base/log.hpp"

#include <bit>

namespace ferrule::plugins {

std::string_view name_of(fault which) noexcept {
    switch (which) {
    case fault::late_completion:
        return "late_completion";
    case fault::unknown_completion:
        return "unknown_completion";
    case fault::wrong_thread:
        return "wrong_thread";
    case fault::abandoned:
        return "abandoned";
    case fault::exception:
        return "exception";
    case fault::held_strand:
        return "held_strand";
    case fault::no_completion:
        return "no_completion";
    }
    return "unknown";
}

misuse::misuse(std::string plugin, metrics_sink& metrics)
    : plugin_(std::move(plugin))
    , metrics_(metrics) {}

void misuse::note(fault which, std::string_view what) {
    const auto seen = ++counts_.at(static_cast<std::size_t>(which));
    const metric_labels labels{{"plugin", plugin_}, {"fault", std::string(name_of(which))}};
    metrics_.add(metrics_.intern(metric_kind::counter, "ferrule_plugin_faults_total",
                                 "Breaches of the plugin contract that the host has caught", labels),
                 1);
    if (seen <= 8 || std::has_single_bit(seen))
        base::log::warn("plugins", "the plugin '" + plugin_ + "' " + std::string(what),
                        {{"plugin", plugin_}, {"fault", std::string(name_of(which))}, {"times", std::to_string(seen)}});
}

std::uint64_t misuse::count(fault which) const noexcept {
    return counts_.at(static_cast<std::size_t>(which)).load();
}

} // namespace ferrule::plugins
