// SPDX-License-Identifier: Apache-2.0
// The scheduler "least_load": spreads evenly, and always the same way.
#include "../common/config.hpp"

#include <ferrule/sdk/scheduler.hpp>

#include <cstdint>
#include <queue>
#include <vector>

namespace {

using namespace ferrule;

/// Each target takes the node that has least to do; among equals the one with most room, then the one whose host is
/// least loaded, then the first by name.
/// O(nodes + targets·log nodes).
class least_load final : public sdk::scheduler {
  public:
    void configure(std::string_view config) override { schedulers::expect_no_settings("least_load", config); }

    void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target>,
                std::span<sdk::node_choice> choices) const override {
        const auto later = [nodes](std::uint32_t a, std::uint32_t b) { return comes_later(nodes[a], nodes[b]); };
        std::vector<std::uint32_t> open;
        for (std::uint32_t i = 0; i < nodes.size(); ++i)
            if (nodes[i].room() != 0)
                open.push_back(i);
        std::priority_queue queue(later, std::move(open));
        for (auto& choice : choices) {
            if (queue.empty())
                return;
            choice = queue.top();
            queue.pop();
            nodes[choice].place_one();
            if (nodes[choice].room() != 0)
                queue.push(choice);
        }
    }

  private:
    static bool comes_later(const sdk::node& a, const sdk::node& b) {
        if (a.count() != b.count())
            return a.count() > b.count();
        if (a.room() != b.room())
            return a.room() < b.room();
        return a.load() != b.load() ? a.load() > b.load() : a.name() > b.name();
    }
};

} // namespace

FERRULE_SCHEDULER(least_load, "least_load", "1.0.0", "Chooses the node that has least to do",
                  R"({"type":"object","additionalProperties":false})");
