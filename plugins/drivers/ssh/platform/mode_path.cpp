// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/mode_path.hpp"

#include <deque>
#include <vector>

namespace ferrule::ssh {

std::size_t next_mode(const platform& rules, std::size_t from, std::size_t to) {
    if (from >= rules.modes.size() || to >= rules.modes.size()) {
        return platform::npos;
    }
    // Breadth first from the goal backwards would need reversed edges; forwards, each mode remembers its first step.
    std::vector<std::size_t> first(rules.modes.size(), platform::npos);
    std::deque<std::size_t> open{from};
    first[from] = from;
    while (!open.empty()) {
        const auto here = open.front();
        open.pop_front();
        for (const auto& [name, way] : rules.modes[here].to) {
            const auto next = rules.mode_named(name);
            if (next == platform::npos || first[next] != platform::npos) {
                continue;
            }
            first[next] = here == from ? next : first[here];
            if (next == to) {
                return first[next];
            }
            open.push_back(next);
        }
    }
    return platform::npos;
}

} // namespace ferrule::ssh
