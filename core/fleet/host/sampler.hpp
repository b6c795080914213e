// How this host fares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "fleet/host/disk_watch.hpp"
#include "fleet/host/proc.hpp"

namespace ferrule::fleet::host {

/// Makes the bodies of heartbeats from /proc: an object, see docs/agents.md. What cannot be read is left out.
/// Shares of the processor are those since the sample before, room on disks is what was found last (see disk_watch).
/// One thread at a time; takes about a millisecond.
class sampler {
  public:
    explicit sampler(const base::clock& clock = base::system_clock(), std::string proc = "/proc");

    base::json sample();

  private:
    void tell_unanswered(const std::vector<std::string>& places);

    const base::clock& clock_;
    const std::string proc_;
    disk_watch disks_;
    std::vector<std::string> unanswered_;
    std::string host_boot_;
    std::optional<cpu_ticks> before_;
    std::optional<own_use> own_before_;
    base::steady_time sampled_{};
};

} // namespace ferrule::fleet::host
