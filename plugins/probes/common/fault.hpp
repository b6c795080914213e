// SPDX-License-Identifier: Apache-2.0
// Why a measurement came to its end before its time.
#pragma once

#include <ferrule/sdk/probe_result.hpp>
#include <ferrule/sdk/wait.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace ferrule::probes {

/// Something that keeps the target from being up: where it happened, and a sentence for people. A cancellation is one
/// too, which says nothing about the target.
class fault {
  public:
    fault(sdk::probe_phase phase, std::string reason)
        : reason_(std::move(reason))
        , phase_(phase) {}

    static fault cancelled() {
        fault made(sdk::probe_phase::local, "cancelled");
        made.cancelled_ = true;
        return made;
    }

    [[nodiscard]] sdk::probe_phase phase() const noexcept { return phase_; }

    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

    [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_; }

    /// True when this machine cannot use the address's family at all, so that the other family may do better.
    [[nodiscard]] bool family_unusable() const noexcept { return family_unusable_; }

    fault&& with_unusable_family() && {
        family_unusable_ = true;
        return std::move(*this);
    }

  private:
    std::string reason_;
    sdk::probe_phase phase_;
    bool cancelled_ = false;
    bool family_unusable_ = false;
};

/// Nothing, or what went wrong.
using maybe_fault = std::optional<fault>;

/// What a wait that was not `ready` means: the end of the time, or a cancellation.
inline fault wait_fault(sdk::wait_status status, sdk::probe_phase phase, std::string reason) {
    return status == sdk::wait_status::cancelled ? fault::cancelled() : fault(phase, std::move(reason));
}

/// A value, or the fault that prevented it.
template <class T>
class [[nodiscard]] outcome {
  public:
    outcome(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}

    outcome(fault what)
        : state_(std::in_place_index<1>, std::move(what)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }

    [[nodiscard]] T& operator*() { return std::get<0>(state_); }

    [[nodiscard]] const T& operator*() const { return std::get<0>(state_); }

    [[nodiscard]] T* operator->() { return &std::get<0>(state_); }

    [[nodiscard]] const fault& why() const { return std::get<1>(state_); }

  private:
    std::variant<T, fault> state_;
};

} // namespace ferrule::probes
