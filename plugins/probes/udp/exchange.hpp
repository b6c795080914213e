// SPDX-License-Identifier: Apache-2.0
// Sending to one UDP endpoint and judging what comes back.
#pragma once

#include "common/datagrams.hpp"
#include "common/measurement.hpp"
#include "udp/settings.hpp"

#include <cstdint>

namespace ferrule::probes::udp {

/// Sends, waits, sends again, until there is a verdict or no attempt left. What it refers to must outlive it.
class exchange {
  public:
    exchange(sdk::strand& home, measurement& found, const settings& how, endpoint to)
        : home_(&home)
        , found_(&found)
        , how_(&how)
        , to_(to) {}

    /// Nothing when the endpoint is up. Label `state` and the metrics go to the measurement.
    sdk::task<maybe_fault> run();

  private:
    [[nodiscard]] sdk::time_ns end_of(std::int64_t attempt, sdk::time_ns start) const;
    sdk::task<sdk::wait_status> wait(const datagram_socket& socket, sdk::watch& watch, sdk::time_ns until);

    void decide(maybe_fault verdict);
    bool said(const datagram_socket& socket);
    void judge(const datagram& answer);
    [[nodiscard]] double rtt_ms(const datagram& answer) const;
    [[nodiscard]] maybe_fault silence() const;

    sdk::strand* home_;
    measurement* found_;
    const settings* how_;
    endpoint to_;
    maybe_fault verdict_;
    bool verdict_is_there_ = false;
    std::int64_t sent_ = 0;
    std::int64_t sent_ns_ = 0; ///< Real time of the last attempt.
    sdk::time_ns sent_at_ = 0;
};

} // namespace ferrule::probes::udp
