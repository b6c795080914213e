#include "app/plugin_schema.hpp"

#include "plugins/catalog.hpp"

namespace ferrule::app {

std::optional<std::string> plugin_schema(std::string_view kind, std::string_view name,
                                         const config::plugins_settings& from) {
    plugins::catalog files(from.folders);
    for (const auto which : plugins::all_kinds) {
        if (!kind.empty() && plugins::name_of(which) != kind)
            continue;
        for (const auto& entry : files.list()) {
            const auto* component = entry.note ? entry.note->find(which, name) : nullptr;
            if (component != nullptr && !component->config_schema.empty())
                return component->config_schema;
        }
    }
    return std::nullopt;
}

std::optional<std::string> plugin_missing(std::string_view kind, std::string_view name,
                                          const config::plugins_settings& from) {
    plugins::catalog files(from.folders);
    for (const auto which : plugins::all_kinds) {
        if (plugins::name_of(which) != kind)
            continue;
        if (const auto found = files.find(which, name); !found)
            return found.error().message();
    }
    return std::nullopt;
}

} // namespace ferrule::app
