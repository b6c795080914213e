// SPDX-License-Identifier: Apache-2.0
// Random numbers for schedulers that draw lots, and a hash that is the same on every machine.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace ferrule::schedulers {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): small, good enough for lots,
/// and made anew for each call without cost.
class lots {
  public:
    explicit lots(std::uint64_t seed) noexcept
        : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += step;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }

    /// In [0, 1).
    double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    static constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;

  private:
    std::uint64_t state_;
};

/// Gives each call of `select` lots of its own, so that calls from several threads share nothing but a counter. With a
/// seed the sequence of calls is repeatable.
class lots_source {
  public:
    void seed(std::optional<std::uint64_t> wanted) {
        std::random_device entropy;
        seed_ = wanted ? *wanted : (std::uint64_t{entropy()} << 32) | entropy();
    }

    [[nodiscard]] lots draw() const noexcept {
        lots mixed(seed_ + calls_.fetch_add(1, std::memory_order_relaxed));
        return lots(mixed.next());
    }

  private:
    std::uint64_t seed_ = 0;
    mutable std::atomic<std::uint64_t> calls_{0};
};

/// FNV-1a, mixed once more since short names differ in few bits.
inline std::uint64_t hash(std::string_view text) noexcept {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const char c : text)
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return lots(value).next();
}

} // namespace ferrule::schedulers
