// SPDX-License-Identifier: Apache-2.0
// Names of probes and packets that fit into a cookie.
#pragma once

#include <cstdint>

namespace ferrule::icmp {

/// A slot of the table of probes and how often it has been used: 48 bits, never 0, so that a reply to an older probe in
/// the same slot is told from one to the present.
class probe_handle {
  public:
    static constexpr unsigned slot_bits = 20;
    static constexpr std::uint32_t most_slots = 1U << slot_bits;
    static constexpr std::uint32_t last_generation = (1U << 28U) - 1;

    probe_handle() = default;

    explicit constexpr probe_handle(std::uint64_t value) noexcept
        : value_(value) {}

    constexpr probe_handle(std::uint32_t slot, std::uint32_t generation) noexcept
        : value_(static_cast<std::uint64_t>(generation) << slot_bits | slot) {}

    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

    [[nodiscard]] constexpr std::uint32_t slot() const noexcept {
        return static_cast<std::uint32_t>(value_ & (most_slots - 1));
    }

    [[nodiscard]] constexpr std::uint32_t generation() const noexcept {
        return static_cast<std::uint32_t>(value_ >> slot_bits);
    }

    [[nodiscard]] static constexpr std::uint32_t after(std::uint32_t generation) noexcept {
        return generation == last_generation ? 1 : generation + 1;
    }

    bool operator==(const probe_handle&) const = default;

  private:
    std::uint64_t value_ = 0;
};

/// A packet of a probe in one word; 0 is none.
class packet_handle {
  public:
    packet_handle() = default;

    constexpr packet_handle(probe_handle of, std::uint16_t index) noexcept
        : value_(of.value() << 16U | index) {}

    [[nodiscard]] constexpr bool empty() const noexcept { return value_ == 0; }

    [[nodiscard]] constexpr probe_handle probe() const noexcept { return probe_handle(value_ >> 16U); }

    [[nodiscard]] constexpr std::uint16_t index() const noexcept { return static_cast<std::uint16_t>(value_); }

    bool operator==(const packet_handle&) const = default;

  private:
    std::uint64_t value_ = 0;
};

} // namespace ferrule::icmp
