// What is watched, and from where.
#include "probes/live_checks.hpp"

#include "base/json.hpp"
#include "probes/node_choice.hpp"

#include <utility>

namespace ferrule::probes {

using base::wall_time;

live_checks::names live_checks::locations_of(const model::check& of, const std::string& target) const {
    names chosen;
    if (of.enabled)
        for (const auto i : choose_nodes(of.nodes, of.name, target, nodes_))
            chosen.push_back(nodes_[i].name);
    return chosen;
}

void live_checks::set_nodes(std::vector<model::node_info> nodes, wall_time now) {
    nodes_ = std::move(nodes);
    for (auto& [name, each] : checks_)
        place(each, now);
}

void live_checks::put(const check_book::entry& definition, wall_time now) {
    auto& check = checks_[definition.definition->name];
    const bool wakes = check.what.definition && !check.what.definition->enabled && definition.definition->enabled;
    check.what = definition;
    if (wakes) // watching begins anew, with what was known
        for (auto& [name, target] : check.targets) {
            const auto kept = target.state.to_json();
            target.state = watched_target(*definition.definition, name, {}, now);
            target.state.change(*definition.definition, locations_of(*definition.definition, name));
            (void)target.state.restore(kept);
        }
    check.windows = definition.definition->maintenance;
    check.windows.insert(check.windows.end(), check.announced.begin(), check.announced.end());
    place(check, now);
}

// Targets, and where they are watched from.
void live_checks::place(live_check& of, wall_time now) {
    const auto& definition = *of.what.definition;
    auto wanted = assignments_of(of.what.definition);
    for (auto& [name, work] : wanted) {
        const auto locations = locations_of(definition, name);
        auto at = of.targets.find(name);
        if (at != of.targets.end()) {
            at->second.state.change(definition, locations);
        } else {
            if (free_slots_.empty()) {
                free_slots_.push_back(static_cast<due_heap::slot>(slots_.size()));
                slots_.emplace_back();
            }
            const auto slot = free_slots_.back();
            free_slots_.pop_back();
            slots_[slot] = {definition.name, name};
            at = of.targets.emplace(name, live_target(watched_target(definition, name, locations, now), slot)).first;
        }
        at->second.work = std::move(work);
        at->second.changed = true;
        plan(of, at->second, now);
    }
    std::erase_if(of.targets, [&](const auto& each) {
        if (wanted.contains(each.first))
            return false;
        looks_.remove(each.second.slot);
        free_slots_.push_back(each.second.slot);
        return true;
    });
}

void live_checks::remove(const std::string& name) {
    const auto at = checks_.find(name);
    if (at == checks_.end())
        return;
    for (const auto& [target, each] : at->second.targets) {
        looks_.remove(each.slot);
        free_slots_.push_back(each.slot);
    }
    checks_.erase(at);
}

bool live_checks::announce(const std::string& check, const std::string& window,
                           std::optional<model::maintenance_window> when) {
    const auto at = checks_.find(check);
    if (at == checks_.end())
        return false;
    auto& of = at->second;
    const auto removed = std::erase_if(of.announced, [&window](const auto& each) { return each.name == window; });
    if (when)
        of.announced.push_back(*when);
    of.windows = of.what.definition->maintenance;
    of.windows.insert(of.windows.end(), of.announced.begin(), of.announced.end());
    return when || removed != 0;
}

std::vector<assignment> live_checks::assignments_for(const std::string& node) const {
    std::vector<assignment> all;
    for (const auto& [name, check] : checks_)
        for (const auto& [target, each] : check.targets)
            if (check.what.definition->enabled && each.state.locations().contains(node))
                all.push_back(each.work);
    return all;
}

} // namespace ferrule::probes
