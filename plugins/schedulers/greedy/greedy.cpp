// SPDX-License-Identifier: Apache-2.0
// The scheduler "greedy": fills one node before it uses the next, so that the others stay empty and can be taken away.
#include "../common/config.hpp"

#include <ferrule/sdk/scheduler.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace {

using namespace ferrule;

/// One target takes the first node with room, in the order in which the nodes are given. A batch fills the fullest node
/// first: the one of whose capacity the largest share is taken; among equals the one with less room, then the one given
/// first. O(nodes·log nodes + targets).
class greedy final : public sdk::scheduler {
  public:
    void configure(std::string_view config) override { schedulers::expect_no_settings("greedy", config); }

    void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target> targets,
                std::span<sdk::node_choice> choices) const override {
        std::vector<std::uint32_t> order(nodes.size());
        std::iota(order.begin(), order.end(), 0U);
        std::erase_if(order, [&](std::uint32_t i) { return nodes[i].room() == 0; });
        if (targets.size() > 1)
            std::stable_sort(order.begin(), order.end(),
                             [&](std::uint32_t a, std::uint32_t b) { return fuller(nodes[a], nodes[b]); });
        auto at = order.begin();
        for (auto& choice : choices) {
            while (at != order.end() && nodes[*at].room() == 0)
                ++at;
            if (at == order.end())
                return;
            choice = *at;
            nodes[*at].place_one();
        }
    }

  private:
    static bool fuller(const sdk::node& a, const sdk::node& b) {
        // count/capacity compared without a division; both capacities are above zero, since there is room
        const auto left = std::uint64_t{a.count()} * b.capacity();
        const auto right = std::uint64_t{b.count()} * a.capacity();
        return left != right ? left > right : a.room() < b.room();
    }
};

} // namespace

FERRULE_SCHEDULER(greedy, "greedy", "1.0.0", "Fills one node before it uses the next",
                  R"({"type":"object","additionalProperties":false})");
