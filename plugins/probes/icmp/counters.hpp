// SPDX-License-Identifier: Apache-2.0
// What an instance tells about itself on the host's metrics page.
#pragma once

#include <ferrule/sdk/host.hpp>

#include <cstdint>
#include <utility>

namespace ferrule::icmp {

/// A counter that is told to the host once a turn and not for every packet.
class turn_counter {
  public:
    explicit turn_counter(sdk::metric series)
        : series_(series) {}

    void add(std::uint32_t count = 1) noexcept { pending_ += count; }

    void tell() noexcept {
        if (pending_ != 0) {
            series_.add(std::exchange(pending_, 0));
        }
    }

  private:
    sdk::metric series_;
    std::uint32_t pending_ = 0;
};

struct counters {
    explicit counters(const sdk::host& host)
        : sent(host.counter("icmp_packets_sent_total", "Echo requests handed to the kernel."))
        , received(host.counter("icmp_replies_received_total", "Echo replies that counted."))
        , overflows(host.counter("icmp_receive_overflows_total",
                                 "Packets that this host dropped because a receive buffer was full."))
        , stale(host.counter("icmp_stale_replies_total", "Replies to probes that had ended."))
        , foreign(host.counter("icmp_foreign_replies_total",
                               "Replies with a cookie that is not ours or from another address than was probed.")) {}

    void tell() noexcept {
        for (auto* each : {&sent, &received, &overflows, &stale, &foreign}) {
            each->tell();
        }
    }

    turn_counter sent;
    turn_counter received;
    turn_counter overflows;
    turn_counter stale;
    turn_counter foreign;
};

} // namespace ferrule::icmp
