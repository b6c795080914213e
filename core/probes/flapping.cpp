#include "probes/flapping.hpp"

namespace ferrule::probes {

namespace {

constexpr std::uint32_t kept = (std::uint32_t{1} << flapping::window) - 1;

} // namespace

void flapping::add(bool changed, const model::flapping_limits& limits) noexcept {
    history_ = ((history_ << 1U) | (changed ? 1U : 0U)) & kept;
    flapping_ = limits.enabled && percent() > (flapping_ ? limits.low : limits.high);
}

double flapping::percent() const noexcept {
    int hundredths = 0; // whole numbers, so that a limit is met exactly
    for (int age = 0; age < window; ++age)
        if ((history_ >> static_cast<unsigned>(age) & 1U) != 0)
            hundredths += 80 + 2 * (window - 1 - age);
    return hundredths / static_cast<double>(window);
}

void flapping::restore(std::uint32_t history, bool is_flapping) noexcept {
    history_ = history & kept;
    flapping_ = is_flapping;
}

} // namespace ferrule::probes
