// SPDX-License-Identifier: Apache-2.0
// Which packet a time stamp of the kernel is about.
#pragma once

#include "icmp/handles.hpp"

#include <array>
#include <cstdint>

namespace ferrule::icmp {

/// The kernel numbers the packets of a socket from 0 as they are handed to it. Remembers the latest ones.
class departures {
  public:
    void handed_over(packet_handle packet) noexcept { recent_[next_++ % recent_.size()] = packet; }

    [[nodiscard]] packet_handle find(std::uint32_t key) const noexcept {
        const auto age = next_ - key; // wraps as the key does
        return age != 0 && age <= recent_.size() ? recent_[key % recent_.size()] : packet_handle();
    }

    void restart() noexcept {
        next_ = 0;
        recent_.fill(packet_handle());
    }

  private:
    std::array<packet_handle, 1024> recent_{};
    std::uint32_t next_ = 0;
};

} // namespace ferrule::icmp
