#include "app/plugin_listing.hpp"

#include "base/json.hpp"

#include <functional>

namespace ferrule::app {

using base::json;

namespace {

// "ferrule.driver/1" → "driver"; an unknown kind as it is.
std::string kind_text(const std::string& id) {
    const auto known = plugins::kind_from_id(id);
    return known ? std::string(plugins::name_of(*known)) : id;
}

} // namespace

json to_json(const plugins::plugin_info& shown) {
    json components = json::array();
    for (const auto& each : shown.note.components)
        components.push_back({{"kind", kind_text(each.kind_id)},
                              {"name", each.name},
                              {"execution", each.execution},
                              {"summary", each.summary.empty() ? shown.note.summary : each.summary}});
    return json{{"id", shown.note.id},
                {"version", shown.note.version},
                {"abi", std::to_string(shown.note.abi_major) + "." + std::to_string(shown.note.abi_minor)},
                {"summary", shown.note.summary},
                {"state", plugins::name_of(shown.state)},
                {"file", shown.file.string()},
                {"components", std::move(components)},
                {"in_use", shown.in_use},
                {"healthy", shown.healthy},
                {"problem", shown.problem.empty() ? json() : json(shown.problem)}};
}

asio::awaitable<result<json>> plugin_listing::list() {
    std::function<result<json>()> work = [this]() -> result<json> {
        json all = json::array();
        for (const auto& each : known_.list())
            all.push_back(to_json(each));
        return all;
    };
    co_return co_await runtime::offload<json>(pool_, std::move(work));
}

asio::awaitable<result<json>> plugin_listing::describe(std::string kind, std::string name) {
    std::function<result<json>()> work = [this, &kind, &name]() -> result<json> {
        const auto wanted = plugins::kind_from_name(kind);
        if (!wanted)
            return error("plugin_not_found", "\"" + kind + "\" is not a kind of plugin");
        const auto found = known_.describe(name);
        if (!found)
            return found.error();
        for (const auto& each : *found) {
            const auto* component = each.note.find(*wanted, name);
            if (component == nullptr)
                continue;
            auto shown = to_json(each);
            shown["config_schema"] =
                component->config_schema.empty() ? json() : json::parse(component->config_schema, nullptr, false);
            return shown;
        }
        return error("plugin_not_found", "there is no " + kind + " named \"" + name + "\"");
    };
    co_return co_await runtime::offload<json>(pool_, std::move(work));
}

std::optional<std::string> plugin_listing::local_option(const std::string& kind, const std::string& name,
                                                        const json& options) {
    const auto wanted = plugins::kind_from_name(kind);
    return wanted ? known_.local_option(*wanted, name, options) : std::nullopt;
}

} // namespace ferrule::app
