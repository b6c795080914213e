#include "probes/probe_settings.hpp"

#include "base/json.hpp"
#include "config/schema/json_schema_check.hpp"
#include "config/yaml/parse.hpp"

namespace ferrule::probes {

using base::json;

std::vector<model::check_fault> settings_faults(std::string_view settings, std::string_view schema,
                                                const std::string& path) {
    std::vector<model::check_fault> faults;
    const auto rules = schema.empty() ? result<json>(json::object()) : base::parse_json(schema);
    if (settings.empty() || !rules)
        return faults;
    config::problems found;
    if (const auto tree = config::yaml::parse(settings, path, found)) // JSON is YAML
        config::schema::check_against(*rules, *tree, path, path, found);
    for (const auto& each : found.errors())
        faults.push_back({each.path.empty() ? path : each.path, each.message});
    return faults;
}

std::vector<model::check_fault> probe_faults(const model::check& of, const settings_schema& schemas) {
    std::vector<model::check_fault> faults;
    const auto schema = schemas(of.probe);
    if (!schema) {
        faults.push_back({"probe", schema.error().message()});
        return faults;
    }
    faults = settings_faults(of.settings, *schema, "settings");
    for (std::size_t i = 0; i < of.targets.size(); ++i)
        for (auto& each :
             settings_faults(of.targets[i].settings, *schema, "targets[" + std::to_string(i) + "].settings"))
            faults.push_back(std::move(each));
    return faults;
}

error to_error(const std::vector<model::check_fault>& faults) {
    const auto nothing = json::object();
    base::object_reader list(nothing);
    for (const auto& each : faults)
        list.complain(each.path, each.message);
    return list.finish().value_or(error("invalid_request", "the check is not valid"));
}

} // namespace ferrule::probes
