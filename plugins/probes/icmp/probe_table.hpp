// SPDX-License-Identifier: Apache-2.0
// The probes that run.
#pragma once

#include "icmp/burst.hpp"
#include "icmp/handles.hpp"
#include "icmp/lane.hpp"
#include "icmp/settings.hpp"

#include <ferrule/sdk/operation.hpp>

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace ferrule::icmp {

/// One probe, from its start to its completion. Slots are used again with the memory of their burst.
struct running_probe {
    sdk::operation op{};
    std::string host{};
    probe_settings settings{};
    ip_address to{};
    burst run{};
    lane* on = nullptr; ///< None until the address is known.
    time_ns asked = 0;
    time_ns deadline = 0;
    time_ns resolved = 0;
    time_ns first_sent = 0;
    std::uint32_t overflows_before = 0;
    std::uint32_t generation = 0;
    bool waiting = false; ///< In the lane's queue.
};

class probe_table {
  public:
    /// A free slot that takes the operation over; an empty handle, and the operation stays, when so many are running.
    probe_handle take(sdk::operation& op, std::uint32_t most) {
        if (by_op_.size() >= most) {
            return probe_handle();
        }
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const auto slot = free_.back();
        auto& probe = slots_[slot];
        probe.generation = probe_handle::after(probe.generation);
        const probe_handle made(slot, probe.generation);
        by_op_.emplace(op.id(), made);
        free_.pop_back();
        probe.op = std::move(op);
        return made;
    }

    /// Frees the slot; the operation is the caller's to complete.
    sdk::operation give_back(probe_handle which) {
        auto& probe = slots_[which.slot()];
        auto op = std::move(probe.op);
        by_op_.erase(op.id());
        probe.on = nullptr;
        probe.waiting = false;
        probe.resolved = 0;
        probe.first_sent = 0;
        free_.push_back(which.slot());
        return op;
    }

    /// The probe, or nullptr when it has ended.
    running_probe* find(probe_handle which) noexcept {
        if (which.slot() >= slots_.size()) {
            return nullptr;
        }
        auto& probe = slots_[which.slot()];
        return probe.generation == which.generation() && probe.op.pending() ? &probe : nullptr;
    }

    running_probe& at(std::uint32_t slot) noexcept { return slots_[slot]; }

    [[nodiscard]] probe_handle find_op(frl_op op) const {
        const auto found = by_op_.find(op);
        return found == by_op_.end() ? probe_handle() : found->second;
    }

  private:
    std::deque<running_probe> slots_; // where they are, they stay
    std::vector<std::uint32_t> free_;
    std::unordered_map<frl_op, probe_handle> by_op_;
};

} // namespace ferrule::icmp
