// Which nodes a check runs on.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "model/check.hpp"
#include "model/node.hpp"

namespace ferrule::probes {

/// Chooses the locations of one target, as indexes into `nodes` in rising order. Whether a node is online does not
/// matter: one that is away keeps its place, and its silence shows as a missing vote. Of the nodes that match, `count`
/// are taken by rendezvous hashing, so that targets spread evenly and a node that comes or goes moves only its share.
std::vector<std::size_t> choose_nodes(const model::node_filter& filter, std::string_view check, std::string_view target,
                                      std::span<const model::node_info> nodes);

} // namespace ferrule::probes
