#include "config/check.hpp"

#include "base/strings.hpp"
#include "config/schema/free_json.hpp"
#include "config/schema/json_schema_check.hpp"

#include <map>

namespace ferrule::config {

namespace {

const yaml::node* find(const yaml::node& root, std::initializer_list<std::string_view> path) {
    const auto* at = &root;
    for (const auto step : path)
        if (at != nullptr)
            at = at->find(step);
    return at;
}

void check_tls(const source& main, const tls_settings& tls, problems& found) {
    const auto* at = find(main.root, {"http", "tls"});
    if (at == nullptr)
        return;
    if (tls.cert.empty() != tls.key.empty())
        found.add(main.name, at->at, "http.tls",
                  tls.cert.empty() ? "\"cert\" is missing; TLS needs cert and key"
                                   : "\"key\" is missing; TLS needs cert and key");
    else if (!tls.client_ca.empty() && tls.cert.empty())
        found.add(main.name, yaml::locate(main.root, "http.tls.client_ca"), "http.tls.client_ca",
                  "it has no effect without cert and key");
}

bool stays_here(std::string_view address) {
    return address.starts_with("unix:") || address.starts_with("localhost:") || address.starts_with("127.") ||
           address.starts_with("[::1]:");
}

void warn_clear_text(const source& main, const http_settings& http, problems& found) {
    if (http.tls.enabled())
        return;
    for (std::size_t i = 0; i < http.listen.size(); ++i)
        if (!stays_here(http.listen[i])) {
            const auto path = "http.listen[" + std::to_string(i) + "]";
            found.warn(main.name, yaml::locate(main.root, path), path,
                       "tokens and passwords cross the network in clear text: set http.tls, or listen on 127.0.0.1 or "
                       "a Unix socket behind a proxy that speaks TLS");
        }
}

// Each text of a list, or each text member of the maps in a list, once.
void check_unique(const source& main, const yaml::node* list, std::string_view member, const std::string& path,
                  problems& found) {
    if (list == nullptr)
        return;
    std::map<std::string, int> seen;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
        const auto* value = member.empty() ? &list->items[i] : list->items[i].find(member);
        if (value == nullptr || value->what != yaml::node::type::scalar)
            continue;
        const auto [first, fresh] = seen.emplace(value->text, value->at.line);
        if (!fresh)
            found.add(main.name, value->at,
                      path + "[" + std::to_string(i) + "]" + (member.empty() ? "" : "." + std::string(member)),
                      "\"" + value->text + "\" stands here twice; the first is in line " +
                          std::to_string(first->second));
    }
}

void check_plugin(const source& main, const yaml::node* given, std::string_view kind, std::string_view name,
                  const std::string& path, const settings& values, const load_options& options, problems& found) {
    if (!options.plugin_schema)
        return;
    const auto text = options.plugin_schema(kind, name, values.plugins);
    if (!text || text->empty())
        return;
    const auto rules = base::parse_json(*text);
    if (!rules) {
        found.warn(main.name, {}, path, "the schema that the plugin carries is not JSON, so its settings go unchecked");
        return;
    }
    yaml::node nothing;
    nothing.what = yaml::node::type::map;
    schema::check_against(*rules, given == nullptr ? nothing : *given, main.name, path, found);
}

void check_there(const source& main, std::string_view kind, std::string_view name, const settings& values,
                 const load_options& options, problems& found) {
    if (!options.plugin_missing)
        return;
    const auto path = std::string(kind) + ".plugin";
    if (const auto why = options.plugin_missing(kind, name, values.plugins))
        found.add(main.name, yaml::locate(main.root, path), path, *why);
}

void warn_without_effect(const source& main, std::string_view path, std::string_view when, problems& found) {
    const auto* at = &main.root;
    for (const auto step : base::split(path, '.'))
        at = at == nullptr ? nullptr : at->find(step);
    if (at != nullptr && (!at->members.empty() || !at->items.empty() || !at->text.empty()))
        found.warn(main.name, at->at, std::string(path), "it has no effect " + std::string(when));
}

// What belongs to one role only, and what that role cannot do without.
void check_role(const source& main, const settings& values, problems& found) {
    const auto* agent = main.root.find("agent");
    if (values.role != role::agent) {
        if (agent != nullptr && !agent->members.empty())
            found.warn(main.name, agent->at, "agent", "it has an effect with `role: agent` only");
        return;
    }
    for (const auto* path : {"fleet", "http", "exporter"})
        warn_without_effect(main, path, "with `role: agent`; an agent opens no port", found);
    for (const auto* path :
         {"inventory", "credentials", "devices", "checks", "commands", "tokens", "secrets", "platforms", "scheduler",
          "probes.max_one_off", "probes.write_interval", "probes.max_series", "probes.anchors"})
        warn_without_effect(main, path, "with `role: agent`; it belongs to the controller", found);
    if (!values.agent.jobs.enabled)
        warn_without_effect(main, "jobs", "on an agent without `agent.jobs.enabled`", found);
    if (values.agent.controllers.empty())
        found.add(main.name, agent == nullptr ? yaml::locate(main.root, "role") : agent->at, "agent.controllers",
                  "an agent needs at least one controller, such as controllers: [controller.example.net:8521]");
}

} // namespace

void check_daemon(const source& main, const settings& values, const load_options& options, problems& found) {
    check_tls(main, values.http.tls, found);
    warn_clear_text(main, values.http, found);
    check_unique(main, find(main.root, {"http", "listen"}), {}, "http.listen", found);
    check_role(main, values, found);
    check_unique(main, find(main.root, {"fleet", "listen"}), {}, "fleet.listen", found);
    check_unique(main, find(main.root, {"agent", "controllers"}), {}, "agent.controllers", found);
    check_unique(main, find(main.root, {"tokens"}), "name", "tokens", found);
    if (const auto* listen = find(main.root, {"http", "listen"});
        listen != nullptr && listen->what == yaml::node::type::list && listen->items.empty())
        found.add(main.name, listen->at, "http.listen", "give at least one address");
    if (const auto* plugins = find(main.root, {"plugins", "settings"}); plugins != nullptr)
        for (const auto& each : plugins->members)
            check_plugin(main, &each.value, {}, each.key, "plugins.settings." + each.key, values, options, found);
    check_there(main, "store", values.store.plugin, values, options, found);
    check_there(main, "scheduler", values.scheduler.plugin, values, options, found);
    if (const auto* given = find(main.root, {"store", "settings"}); given != nullptr)
        check_plugin(main, given, "store", values.store.plugin, "store.settings", values, options, found);
    if (const auto* given = find(main.root, {"scheduler", "settings"}); given != nullptr)
        check_plugin(main, given, "scheduler", values.scheduler.plugin, "scheduler.settings", values, options, found);
}

} // namespace ferrule::config
