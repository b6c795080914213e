#include "probes/reachability.hpp"

#include <algorithm>

namespace ferrule::probes {

bool is_reachable(std::span<const model::dependency> parents, const state_lookup& state, const target_lookup& targets) {
    const auto is_down = [&](const std::string& check, const std::string& target) {
        const auto at = state(check, target);
        return at == model::health::critical || at == model::health::unreachable;
    };
    return std::none_of(parents.begin(), parents.end(), [&](const model::dependency& parent) {
        if (!parent.target.empty())
            return is_down(parent.check, parent.target);
        const auto all = targets(parent.check);
        return !all.empty() &&
               std::all_of(all.begin(), all.end(), [&](const auto& each) { return is_down(parent.check, each); });
    });
}

} // namespace ferrule::probes
