#include "devices/placement.hpp"

#include <vector>

namespace ferrule::devices {

result<std::size_t> placement::choose(std::span<const model::node_info> nodes, const resolved_target& at) const {
    std::vector<plugins::schedule_node> candidates;
    std::vector<std::size_t> origin;
    candidates.reserve(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto& node = nodes[i];
        if (!node.online)
            continue;
        auto& candidate = candidates.emplace_back();
        candidate.name = node.name;
        candidate.region = node.region;
        candidate.capacity = node.capacity;
        candidate.count = node.count;
        candidate.load = node.load;
        candidate.labels.assign(node.tags.begin(), node.tags.end());
        origin.push_back(i);
    }
    plugins::schedule_target wanted;
    wanted.key = at.device->name;
    wanted.labels.assign(at.device->tags.begin(), at.device->tags.end());
    const auto chosen = chooser_->select(candidates, wanted);
    if (!chosen)
        return chosen.error().within("scheduler " + chooser_->name());
    if (*chosen == plugins::no_node)
        return error("no_capacity", "no node has room for another session: try again, or add capacity", true);
    return origin[*chosen];
}

} // namespace ferrule::devices
