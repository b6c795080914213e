// SPDX-License-Identifier: Apache-2.0
// The scheduler "load_weighted_random": spreads by room, without the herd that runs to the one emptiest node.
#include "../common/config.hpp"
#include "../common/lots.hpp"

#include <ferrule/sdk/scheduler.hpp>

#include <bit>
#include <cstdint>
#include <vector>

namespace {

using namespace ferrule;

/// Weights that change, and a draw among them in O(log n): a Fenwick tree (Fenwick: A new data structure for cumulative
/// frequency tables, 1994).
class weight_tree {
  public:
    explicit weight_tree(std::size_t size)
        : sums_(size + 1)
        , weights_(size) {}

    void set(std::size_t index, double weight) {
        const auto change = weight - weights_[index];
        weights_[index] = weight;
        for (auto at = index + 1; at < sums_.size(); at += at & (~at + 1))
            sums_[at] += change;
    }

    /// The index whose share of the sum of all weights holds `fraction`. Rounding may hit a neighbour of weight zero,
    /// so the caller checks.
    [[nodiscard]] std::size_t pick(double fraction) const {
        auto left = fraction * total();
        std::size_t at = 0;
        for (auto step = std::bit_floor(weights_.size()); step != 0; step /= 2) {
            if (at + step < sums_.size() && sums_[at + step] <= left) {
                at += step;
                left -= sums_[at];
            }
        }
        return at;
    }

    [[nodiscard]] double weight(std::size_t index) const { return index < weights_.size() ? weights_[index] : 0; }

  private:
    [[nodiscard]] double total() const {
        double sum = 0;
        for (auto at = weights_.size(); at != 0; at &= at - 1)
            sum += sums_[at];
        return sum;
    }

    std::vector<double> sums_;
    std::vector<double> weights_;
};

/// Each target draws a node. For one target a node weighs its room, for a batch (room + 1)², which leans towards empty
/// nodes; either way give or take 5 % by a hash of its name, so that equal nodes differ a little but always alike.
/// O(nodes·log nodes + targets·log nodes).
class load_weighted_random final : public sdk::scheduler {
  public:
    void configure(std::string_view config) override {
        source_.seed(schedulers::read_seed("load_weighted_random", config));
    }

    void select(std::span<sdk::node> nodes, std::span<const sdk::schedule_target> targets,
                std::span<sdk::node_choice> choices) const override {
        const bool batch = targets.size() > 1;
        auto lots = source_.draw();
        weight_tree tree(nodes.size());
        std::uint64_t room = 0;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            tree.set(i, weight_of(nodes[i], batch));
            room += nodes[i].room();
        }
        for (auto& choice : choices) {
            if (room-- == 0)
                return;
            auto index = tree.pick(lots.fraction());
            while (tree.weight(index) <= 0)
                index = tree.pick(lots.fraction());
            choice = static_cast<sdk::node_choice>(index);
            nodes[index].place_one();
            tree.set(index, weight_of(nodes[index], batch));
        }
    }

  private:
    static double weight_of(const sdk::node& node, bool batch) {
        if (node.room() == 0)
            return 0;
        constexpr double spread = 0.05;
        const auto place = static_cast<double>(schedulers::hash(node.name()) >> 11) * 0x1.0p-53; // in [0, 1)
        const auto room = static_cast<double>(node.room());
        return (batch ? (room + 1) * (room + 1) : room) * (1 - spread + 2 * spread * place);
    }

    schedulers::lots_source source_;
};

} // namespace

FERRULE_SCHEDULER(load_weighted_random, "load_weighted_random", "1.0.0", "Draws a node by the room that it has", R"({
  "type": "object", "additionalProperties": false,
  "properties": {"seed": {"type": "integer", "description": "Makes the sequence of choices repeatable"}}
})");
