// SPDX-License-Identifier: Apache-2.0
// The 16-bit sequence numbers of one socket.
#pragma once

#include "icmp/handles.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ferrule::icmp {

/// Gives no number twice while its packet is out, because an ICMP error may quote nothing else of it. Probes reserve
/// what they will need at most, so that `take` never fails; when no more can be reserved it is time for another socket.
class sequence_table {
  public:
    /// Leaves a quarter free, so that a search ends soon and a number rests before it comes again.
    static constexpr std::uint32_t most_reserved = 48 * 1024;

    bool reserve(std::uint32_t count) {
        if (reserved_ + count > most_reserved) {
            return false;
        }
        reserved_ += count;
        while (owners_.size() < 65536 && reserved_ > owners_.size() / 4 * 3) {
            owners_.resize(std::max<std::size_t>(owners_.size() * 2, 4096));
        }
        return true;
    }

    void release(std::uint32_t count) noexcept { reserved_ -= count; }

    [[nodiscard]] std::uint32_t reserved() const noexcept { return reserved_; }

    std::uint16_t take(packet_handle owner) noexcept {
        while (!owners_[next_].empty()) {
            advance();
        }
        const auto sequence = static_cast<std::uint16_t>(next_);
        owners_[next_] = owner;
        advance();
        return sequence;
    }

    void free(std::uint16_t sequence) noexcept { owners_[sequence] = packet_handle(); }

    /// Whose packet is out under that number; an empty handle for none.
    [[nodiscard]] packet_handle owner(std::uint16_t sequence) const noexcept {
        return sequence < owners_.size() ? owners_[sequence] : packet_handle();
    }

  private:
    void advance() noexcept { next_ = next_ + 1 == owners_.size() ? 0 : next_ + 1; }

    std::vector<packet_handle> owners_;
    std::size_t next_ = 0;
    std::uint32_t reserved_ = 0;
};

} // namespace ferrule::icmp
