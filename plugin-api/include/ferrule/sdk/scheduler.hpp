// SPDX-License-Identifier: Apache-2.0
// Kind "ferrule.scheduler/1" in C++.
#pragma once

#include <ferrule/abi/scheduler.h>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/plugin.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ferrule::sdk {

namespace detail {

inline std::string_view find_label(const frl_kv* labels, std::uint32_t count, std::string_view key) noexcept {
    for (const auto& each : std::span(labels, count)) {
        if (view(each.key) == key) {
            return view(each.value);
        }
    }
    return {};
}

} // namespace detail

/// A node that may take work. A copy of the C struct that is safe to read on an older host; the texts are borrowed
/// until `select` returns.
class node {
  public:
    explicit node(const frl_node* raw) noexcept
        : raw_(detail::copy_table(raw)) {}

    [[nodiscard]] std::string_view name() const noexcept { return view(raw_.name); }

    [[nodiscard]] std::string_view region() const noexcept { return view(raw_.region); }

    [[nodiscard]] std::uint32_t capacity() const noexcept { return raw_.capacity; }

    [[nodiscard]] std::uint32_t count() const noexcept { return raw_.count; }

    /// What it can still take.
    [[nodiscard]] std::uint32_t room() const noexcept {
        return raw_.count < raw_.capacity ? raw_.capacity - raw_.count : 0;
    }

    /// Load of its host per core, 0 when unknown.
    [[nodiscard]] double load() const noexcept { return raw_.load; }

    /// The value of a label, or empty.
    [[nodiscard]] std::string_view label(std::string_view key) const noexcept {
        return detail::find_label(raw_.labels, raw_.label_count, key);
    }

    /// Counts a target that was placed here.
    void place_one() noexcept { ++raw_.count; }

  private:
    frl_node raw_;
};

/// Something to be placed.
class schedule_target {
  public:
    explicit schedule_target(const frl_schedule_target* raw) noexcept
        : raw_(detail::copy_table(raw)) {}

    /// Stable name, such as the device's.
    [[nodiscard]] std::string_view key() const noexcept { return view(raw_.key); }

    [[nodiscard]] std::string_view label(std::string_view key) const noexcept {
        return detail::find_label(raw_.labels, raw_.label_count, key);
    }

  private:
    frl_schedule_target raw_;
};

/// Index of the chosen node, or FRL_NO_NODE.
using node_choice = std::uint32_t;

/// A scheduler is a pure function: same input, same choice, from any thread at the same time. It may use the host for
/// logging only.
class scheduler : public component {
  public:
    static constexpr std::string_view kind = FRL_KIND_SCHEDULER;
    static constexpr std::uint32_t execution = FRL_EXEC_PURE;

    /// Chooses a node for each target; `choices` has as many places as there are targets and starts with FRL_NO_NODE
    /// everywhere. Call node::place_one for what you place. Throw `failure` when no choice can be made at all.
    virtual void select(std::span<node> nodes, std::span<const schedule_target> targets,
                        std::span<node_choice> choices) const = 0;

    /// The C table for a derived class T.
    template <class T>
    static const frl_scheduler_api& table() noexcept {
        static constexpr frl_scheduler_api api = {
            sizeof(frl_scheduler_api),
            0,
            &detail::lifecycle<T, scheduler>::create,
            &detail::lifecycle<T, scheduler>::destroy,
            &scheduler::on_select,
        };
        return api;
    }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    static frl_status on_select(void* self, const frl_node* const* nodes, std::uint32_t node_count,
                                const frl_schedule_target* const* targets, std::uint32_t target_count,
                                std::uint32_t* choice, frl_error* error) noexcept {
        const auto& s = *static_cast<const scheduler*>(self);
        try {
            std::vector<node> known;
            known.reserve(node_count);
            for (const auto* raw : std::span(nodes, node_count)) {
                known.emplace_back(raw);
            }
            std::vector<schedule_target> wanted;
            wanted.reserve(target_count);
            for (const auto* raw : std::span(targets, target_count)) {
                wanted.emplace_back(raw);
            }
            std::vector<node_choice> chosen(target_count, FRL_NO_NODE);
            s.select(known, wanted, chosen);
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                choice[i] = chosen[i] < node_count ? chosen[i] : FRL_NO_NODE;
            }
            return FRL_OK;
        } catch (...) {
            return detail::lifecycle<scheduler, scheduler>::report(&s.host().table(), error);
        }
    }
};

} // namespace ferrule::sdk
