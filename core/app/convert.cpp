#include "app/convert.hpp"

#include "base/json.hpp"

namespace ferrule::app {

std::vector<model::token> tokens_of(const config::settings& from) {
    std::vector<model::token> all;
    for (const auto& each : from.tokens) {
        model::token made;
        made.id = "config:" + each.name;
        made.name = each.name;
        made.may = each.role;
        made.hash = each.hash;
        all.push_back(std::move(made));
    }
    return all;
}

plugins::settings plugin_settings_of(const config::settings& from) {
    plugins::settings made;
    made.folders = from.plugins.folders;
    made.run_folder = from.run_dir / "plugins";
    made.cancel_grace = from.plugins.cancel_grace;
    made.callback_limit = from.plugins.callback_warn;
    made.output_limit = from.jobs.output_limit;
    made.blocking_threads = from.plugins.blocking_per_plugin;
    made.config = [all = from.plugins.settings, chooser = from.scheduler](plugins::kind which, std::string_view name) {
        const bool scheduling = which == plugins::kind::scheduler && name == chooser.plugin;
        const auto at = all.find(std::string(name));
        const auto& text = scheduling ? chooser.settings.text : at == all.end() ? std::string("{}") : at->second.text;
        return base::json::parse(text, nullptr, false);
    };
    return made;
}

} // namespace ferrule::app
