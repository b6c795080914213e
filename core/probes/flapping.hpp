// Tells a target that comes and goes from one that is down.
#pragma once

#include <cstdint>

#include "model/check.hpp"

namespace ferrule::probes {

/// Remembers which of the last 20 results differed from the one before. Each change weighs from 0.8 (the oldest) to
/// 1.18 (the newest), the sum is shown as percent of 20: the measure of Icinga 2, in which 20 changes make 99 %. It
/// flaps above the high limit until it is no longer above the low one.
class flapping {
  public:
    static constexpr int window = 20;

    /// Takes the next result.
    void add(bool changed, const model::flapping_limits& limits) noexcept;

    [[nodiscard]] bool is_flapping() const noexcept { return flapping_; }

    [[nodiscard]] double percent() const noexcept;

    /// For keeping: one bit for each result, the newest lowest.
    [[nodiscard]] std::uint32_t history() const noexcept { return history_; }

    void restore(std::uint32_t history, bool is_flapping) noexcept;

  private:
    std::uint32_t history_ = 0;
    bool flapping_ = false;
};

} // namespace ferrule::probes
