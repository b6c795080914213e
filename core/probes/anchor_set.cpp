#include "probes/anchor_set.hpp"

#include "base/json.hpp"
#include "probes/judge.hpp"

#include <algorithm>

namespace ferrule::probes {

namespace {

constexpr std::uint32_t attempts = 2; // one lost packet cuts nobody off

} // namespace

anchor_set::anchor_set(const std::vector<anchor_rule>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = rules[i];
        model::check made;
        made.name = "@anchors" + std::to_string(i);
        made.probe = rule.probe;
        made.targets = rule.targets;
        made.settings = rule.settings;
        made.interval = rule.interval;
        made.timeout = rule.timeout;
        made.max_attempts = attempts;
        made.flapping.enabled = false;
        group one;
        one.nodes = rule.nodes;
        one.definition = std::make_shared<const model::check>(std::move(made));
        one.work = assignments_of(one.definition);
        groups_.push_back(std::move(one));
    }
}

std::vector<assignment> anchor_set::assignments_for(const model::node_info& node) const {
    std::vector<assignment> all;
    for (const auto& each : groups_)
        if (model::matches(each.nodes, node))
            for (const auto& [name, work] : each.work)
                all.push_back(work);
    return all;
}

bool anchor_set::take(const model::sample& found, anchors& into) {
    const auto of = std::find_if(groups_.begin(), groups_.end(),
                                 [&found](const auto& each) { return each.definition->name == found.check; });
    if (of == groups_.end() || !of->work.contains(found.target))
        return false;
    const state_rules rules{attempts, of->definition->flapping};
    auto& here = seen_[found.node];
    auto& state = here.try_emplace(key(found.check, found.target), rules).first->second;
    (void)state.take(judge(*of->definition, found), found.at, {});
    const auto is_up = [](const auto& each) {
        const auto settled = each.second.settled();
        return settled == model::health::pending || model::is_up(settled);
    };
    return into.report(found.node, std::any_of(here.begin(), here.end(), is_up), found.at);
}

} // namespace ferrule::probes
