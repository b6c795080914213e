// A process that executes device jobs or probes, as the scheduler sees it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "model/target.hpp"

namespace ferrule::model {

/// One node: the controller's embedded one, or an agent.
struct node_info {
    std::string name;
    std::string region;
    labels tags;
    std::uint32_t capacity = 0; ///< Sessions and jobs at the same time.
    std::uint32_t count = 0;    ///< Those it has now.
    double load = 0;            ///< Load average of one minute per core.
    bool online = true;
};

/// Whether a node is one of those that are meant.
inline bool matches(const node_selector& wanted, const node_info& node) {
    const auto carried = [&node](const auto& tag) {
        const auto at = node.tags.find(tag.first);
        return at != node.tags.end() && at->second == tag.second;
    };
    const bool named =
        wanted.names.empty() || std::find(wanted.names.begin(), wanted.names.end(), node.name) != wanted.names.end();
    return named && (wanted.region.empty() || wanted.region == node.region) &&
           std::all_of(wanted.tags.begin(), wanted.tags.end(), carried);
}

} // namespace ferrule::model
