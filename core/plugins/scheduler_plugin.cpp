#include "plugins/scheduler_plugin.hpp"

#include "plugins/error_slot.hpp"

#include <exception>
#include <utility>

namespace ferrule::plugins {

namespace {

frl_str text(const std::string& from) noexcept {
    return {from.data(), from.size()};
}

void append(std::vector<frl_kv>& into, const labels& from) {
    for (const auto& [key, value] : from)
        into.push_back({text(key), text(value)});
}

/// The arguments of select in the ABI's form; pointers into the caller's texts.
class arguments {
  public:
    arguments(std::span<const schedule_node> nodes, std::span<const schedule_target> targets) {
        std::size_t count = 0;
        for (const auto& each : nodes)
            count += each.labels.size();
        for (const auto& each : targets)
            count += each.labels.size();
        labels_.reserve(count); // no move: the structs point into it
        nodes_.reserve(nodes.size());
        targets_.reserve(targets.size());
        for (const auto& each : nodes) {
            frl_node made{};
            made.struct_size = sizeof(made);
            made.capacity = each.capacity;
            made.count = each.count;
            made.label_count = static_cast<std::uint32_t>(each.labels.size());
            made.name = text(each.name);
            made.region = text(each.region);
            made.load = each.load;
            made.labels = labels_.data() + labels_.size();
            append(labels_, each.labels);
            nodes_.push_back(made);
        }
        for (const auto& each : targets) {
            frl_schedule_target made{};
            made.struct_size = sizeof(made);
            made.label_count = static_cast<std::uint32_t>(each.labels.size());
            made.key = text(each.key);
            made.labels = labels_.data() + labels_.size();
            append(labels_, each.labels);
            targets_.push_back(made);
        }
        for (const auto& each : nodes_)
            node_pointers_.push_back(&each);
        for (const auto& each : targets_)
            target_pointers_.push_back(&each);
    }

    [[nodiscard]] const frl_node* const* nodes() const noexcept { return node_pointers_.data(); }

    [[nodiscard]] const frl_schedule_target* const* targets() const noexcept { return target_pointers_.data(); }

  private:
    std::vector<frl_kv> labels_;
    std::vector<frl_node> nodes_;
    std::vector<frl_schedule_target> targets_;
    std::vector<const frl_node*> node_pointers_;
    std::vector<const frl_schedule_target*> target_pointers_;
};

class set_scheduler final : public scheduler {
  public:
    explicit set_scheduler(std::shared_ptr<component_set> of)
        : set_(std::move(of)) {}

    using scheduler::select;

    [[nodiscard]] const std::string& name() const noexcept override { return set_->name(); }

    result<std::vector<std::uint32_t>> select(std::span<const schedule_node> nodes,
                                              std::span<const schedule_target> targets) override {
        const auto serving = set_->latest();
        if (!serving.get())
            return error("shutting_down", "the scheduler '" + name() + "' has been stopped", true);
        const auto& api = std::get<frl_scheduler_api>(serving->what().api);
        const arguments given(nodes, targets);
        std::vector<std::uint32_t> choice(targets.size(), no_node);
        error_slot slot;
        try {
            const auto status =
                api.select(serving->raw(), given.nodes(), static_cast<std::uint32_t>(nodes.size()), given.targets(),
                           static_cast<std::uint32_t>(targets.size()), choice.data(), slot);
            if (status != FRL_OK)
                return slot.take(name(), "select", status);
        } catch (const std::exception& what) {
            return error("plugin_failed", "the scheduler '" + name() + "' threw an exception: " + what.what());
        } catch (...) {
            return error("plugin_failed", "the scheduler '" + name() + "' threw an exception of unknown type");
        }
        for (const auto each : choice)
            if (each != no_node && each >= nodes.size())
                return error("plugin_broken", "the scheduler '" + name() + "' chose node " + std::to_string(each) +
                                                  " of " + std::to_string(nodes.size()));
        return choice;
    }

  private:
    const std::shared_ptr<component_set> set_;
};

} // namespace

result<std::uint32_t> scheduler::select(std::span<const schedule_node> nodes, const schedule_target& target) {
    const auto chosen = select(nodes, std::span(&target, 1));
    if (!chosen)
        return chosen.error();
    return chosen->front();
}

std::shared_ptr<scheduler> make_scheduler(std::shared_ptr<component_set> of) {
    return std::make_shared<set_scheduler>(std::move(of));
}

} // namespace ferrule::plugins
