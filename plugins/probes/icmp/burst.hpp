// SPDX-License-Identifier: Apache-2.0
// One burst of echo requests: which packets went out, which came back and when it is over. No socket and no clock.
#pragma once

#include "icmp/icmp_error.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ferrule::icmp {

/// Nanoseconds on the host's monotonic clock.
using time_ns = std::uint64_t;
/// Nanoseconds on the wall clock, in which the kernel stamps packets. Only differences of two stamps mean anything.
using stamp_ns = std::int64_t;

inline constexpr time_ns grid =
    1'000'000; ///< Times of a burst lie on whole milliseconds, so that bursts share wake-ups.

/// When one packet left: the kernel's or our own wall clock time, and the monotonic time just before it was handed
/// over.
struct departure {
    stamp_ns stamp = 0;
    stamp_ns steady = 0;
};

/// When one packet came in: the kernel's wall clock time, and the monotonic time just after it was read.
using arrival = departure;

class burst {
  public:
    struct plan {
        std::uint16_t count = 1;
        time_ns interval = 0; ///< From packet to packet; 0 sends all at once.
        time_ns timeout = 0;  ///< How long a packet's reply may take.
        time_ns begin = 0;
        time_ns deadline = 0; ///< Over by then, whatever is still out.
    };

    enum class state : std::uint8_t { unsent, out, answered, refused, late, not_sent };

    /// What a reply was worth.
    enum class verdict : std::uint8_t { counted, duplicate, late, unknown };

    struct packet {
        departure left{};
        std::int64_t rtt = 0;
        std::uint16_t sequence = 0; ///< On the wire; means something to the socket alone.
        state how = state::unsent;
        bool stamped = false; ///< `left.stamp` is the kernel's.
        bool holds_sequence = false;
    };

    struct counts {
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
        std::uint32_t duplicates = 0;
        std::uint32_t late = 0;
        std::uint32_t reordered = 0;
        std::uint32_t refused = 0;  ///< An ICMP error came instead of a reply.
        std::uint32_t not_sent = 0; ///< This host could not send it.
    };

    /// Starts anew; the memory of an earlier burst is used again.
    void start(const plan& wanted);

    // --- sending, in order ---

    /// True while packets are left to be sent and `now` is not before the next one's time.
    [[nodiscard]] bool wants_to_send(time_ns now) const noexcept;

    [[nodiscard]] std::uint16_t next_index() const noexcept { return next_; }

    packet& sent(std::uint16_t sequence, const departure& at, time_ns now);
    /// The next packet could not be sent by this host, for good.
    void not_sent(packet_error why, time_ns now);
    /// The kernel's own time for a packet, which may come after the reply.
    void stamped(std::uint16_t index, stamp_ns at);

    // --- what comes back ---

    verdict answered(std::uint16_t index, const arrival& at, int hop_limit);
    /// True when the packet was still out.
    bool refused(std::uint16_t index, packet_error why);

    // --- time ---

    /// When something is to be done next: a packet to be sent, or `finished` to be asked.
    [[nodiscard]] time_ns due() const noexcept;
    /// Every packet has its end, or the time is over.
    [[nodiscard]] bool finished(time_ns now) const noexcept;

    // --- what was seen ---

    [[nodiscard]] const plan& wanted() const noexcept { return plan_; }

    [[nodiscard]] const counts& tally() const noexcept { return counts_; }

    [[nodiscard]] std::span<const packet> packets() const noexcept { return packets_; }

    [[nodiscard]] std::span<packet> packets() noexcept { return packets_; }

    /// The latest error, or nullptr.
    [[nodiscard]] const packet_error* error() const noexcept { return error_.get(); }

    /// Of the last reply that counted; -1 when unknown.
    [[nodiscard]] int hop_limit() const noexcept { return hop_limit_; }

    /// Packets that went out and have neither reply nor ICMP error.
    [[nodiscard]] std::uint32_t unanswered() const noexcept {
        return counts_.sent - counts_.received - counts_.refused;
    }

    /// Bytes that this burst may keep at most.
    [[nodiscard]] std::size_t memory() const noexcept { return packets_.capacity() * sizeof(packet); }

  private:
    [[nodiscard]] time_ns send_time(std::uint32_t index) const noexcept;
    void keep(packet_error why);

    plan plan_{};
    counts counts_{};
    std::vector<packet> packets_;
    std::unique_ptr<packet_error> error_;
    time_ns last_sent_ = 0;
    std::uint32_t settled_ = 0; ///< Packets that nobody waits for any more.
    std::uint16_t next_ = 0;
    std::uint16_t highest_answered_ = 0;
    int hop_limit_ = -1;
};

} // namespace ferrule::icmp
