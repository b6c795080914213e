// SPDX-License-Identifier: Apache-2.0
// The scheduler "least_load_random": spreads evenly, and keeps several controllers from choosing the same node at once.
#include "../common/config.hpp"
#include "../common/lots.hpp"

#include <ferrule/sdk/scheduler.hpp>

#include <cstdint>
#include <queue>
#include <vector>

namespace {

using namespace ferrule;

/// Each target takes a random one of the nodes that have least to do. Every node draws a lot whenever its count
/// changes; the lowest lot among equals wins, which is the same as a draw among them. O(nodes + targets·log nodes).
class least_load_random final : public sdk::scheduler {
  public:
    void configure(std::string_view config) override {
        source_.seed(schedulers::read_seed("least_load_random", config));
    }

    void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target>,
                std::span<sdk::node_choice> choices) const override {
        auto lots = source_.draw();
        std::vector<entry> open;
        for (std::uint32_t i = 0; i < nodes.size(); ++i)
            if (nodes[i].room() != 0)
                open.push_back({nodes[i].count(), i, lots.next()});
        std::priority_queue queue(&entry::comes_later, std::move(open));
        for (auto& choice : choices) {
            if (queue.empty())
                return;
            choice = queue.top().index;
            queue.pop();
            nodes[choice].place_one();
            if (nodes[choice].room() != 0)
                queue.push({nodes[choice].count(), choice, lots.next()});
        }
    }

  private:
    struct entry {
        std::uint32_t count;
        std::uint32_t index;
        std::uint64_t lot;

        static bool comes_later(const entry& a, const entry& b) {
            return a.count != b.count ? a.count > b.count : a.lot > b.lot;
        }
    };

    schedulers::lots_source source_;
};

} // namespace

FERRULE_SCHEDULER(least_load_random, "least_load_random", "1.0.0",
                  "Chooses at random among the nodes that have least to do", R"({
  "type": "object", "additionalProperties": false,
  "properties": {"seed": {"type": "integer", "description": "Makes the sequence of choices repeatable"}}
})");
