#include "probes/assignment.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "probes/phase.hpp"

#include <utility>

namespace ferrule::probes {

using base::json;

namespace {

// Without what is the controller's business alone.
json described_to_node(const model::check& definition) {
    auto described = model::to_json(definition);
    for (const auto* key : {"nodes", "quorum", "maintenance", "depends_on", "labels", "origin"})
        described.erase(key);
    return described;
}

} // namespace

std::map<std::string, assignment> assignments_of(const std::shared_ptr<const model::check>& definition) {
    auto described = described_to_node(*definition);
    described.erase("targets");
    const auto text = base::dump(described);
    std::map<std::string, assignment> all;
    for (const auto& each : definition->targets) {
        assignment one;
        one.definition = definition;
        one.target = model::target_name(each);
        one.input = model::probe_input(*definition, each);
        one.revision = stable_hash({text, one.target, one.input});
        auto name = one.target;
        all.emplace(std::move(name), std::move(one));
    }
    return all;
}

json to_json(const std::vector<assignment>& shown) {
    std::map<const model::check*, json> targets;
    std::vector<const model::check*> order;
    for (const auto& each : shown) {
        auto [at, fresh] = targets.try_emplace(each.definition.get(), json::array());
        if (fresh)
            order.push_back(each.definition.get());
        at->second.push_back(each.target);
    }
    auto list = json::array();
    for (const auto* each : order)
        list.push_back({{"check", described_to_node(*each)}, {"targets", std::move(targets.at(each))}});
    return list;
}

result<std::vector<assignment>> assignments_from_json(const json& told, std::vector<error>& refused) {
    if (!told.is_array())
        return error("invalid_request", "assignments are a list");
    std::vector<assignment> read;
    for (const auto& each : told) {
        const auto body = each.is_object() ? each.find("check") : each.end();
        const auto targets = each.is_object() ? each.find("targets") : each.end();
        if (body == each.end() || !body->is_object() || targets == each.end() || !targets->is_array())
            return error("invalid_request", "an assignment has a check and a list of targets");
        auto plain = *body;
        plain.erase("origin");
        const auto named = plain.find("name");
        const auto name = named != plain.end() && named->is_string() ? named->get<std::string>() : std::string();
        if (name.starts_with('@')) // what the controller itself has measured, under names that nobody else can give
            *named = name.substr(1);
        auto definition = model::check_from_json(plain, model::unknown_keys::ignored); // of a newer controller
        if (!definition) {
            refused.push_back(definition.error().within("check " + name));
            continue;
        }
        definition->name = name;
        auto all = assignments_of(std::make_shared<const model::check>(std::move(*definition)));
        for (const auto& target : *targets)
            if (auto taken = all.extract(target.is_string() ? target.get<std::string>() : ""); taken)
                read.push_back(std::move(taken.mapped())); // once, however often it is named
    }
    return read;
}

} // namespace ferrule::probes
