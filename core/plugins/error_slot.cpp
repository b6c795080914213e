#include "plugins/error_slot.hpp"

namespace ferrule::plugins {

error error_slot::take(std::string_view plugin, std::string_view call, frl_status status) const {
    if (!slot_.what.code().empty())
        return slot_.what;
    return error("plugin_failed", "the plugin '" + std::string(plugin) + "' failed in " + std::string(call) +
                                      " without saying why (status " + std::to_string(status) + ")");
}

} // namespace ferrule::plugins
