#include "probes/node_choice.hpp"

#include "probes/phase.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace ferrule::probes {

std::vector<std::size_t> choose_nodes(const model::node_filter& filter, std::string_view check, std::string_view target,
                                      std::span<const model::node_info> nodes) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (model::matches(filter, nodes[i]))
            chosen.push_back(i);
    if (!filter.count || chosen.size() <= *filter.count)
        return chosen;
    std::vector<std::pair<std::uint64_t, std::size_t>> ranked;
    ranked.reserve(chosen.size());
    for (const auto i : chosen)
        ranked.emplace_back(stable_hash({check, target, nodes[i].name}), i);
    const auto end = ranked.begin() + static_cast<std::ptrdiff_t>(*filter.count);
    std::partial_sort(ranked.begin(), end, ranked.end(), std::greater<>());
    chosen.clear();
    for (auto at = ranked.begin(); at != end; ++at)
        chosen.push_back(at->second);
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

} // namespace ferrule::probes
