// SPDX-License-Identifier: Apache-2.0
// Collecting what one measurement finds, whichever way it ends.
#pragma once

#include "common/endpoint.hpp"
#include "common/fault.hpp"

#include <ferrule/sdk/host.hpp>
#include <ferrule/sdk/probe.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::probes {

/// Times from its making on, and the phases, metrics and labels so far; what was found before a failure is reported
/// with it.
class measurement {
  public:
    measurement(const sdk::host& host, sdk::time_ns deadline)
        : host_(&host)
        , start_(host.now())
        , mark_(start_)
        , deadline_(deadline) {}

    [[nodiscard]] sdk::time_ns deadline() const noexcept { return deadline_; }

    /// The time that the measurement has, for sentences: "5 s".
    [[nodiscard]] std::string limit() const;

    /// Ends a phase: it took from the end of the last one until now.
    void phase(std::string_view name);

    /// The same for a phase that comes several times, such as with each redirect: the times add up.
    void add_phase(std::string_view name);

    /// The next phase begins now.
    void skip() { mark_ = host_->now(); }

    void metric(std::string_view name, double value);
    void label(std::string_view name, std::string_view value);

    /// Notes which address is measured: label `address`, metrics `ip_protocol` and `ip_addr_hash`.
    void address(const sdk::address& chosen);

    [[nodiscard]] sdk::probe_reply up() const;
    [[nodiscard]] sdk::probe_reply down(const fault& why) const;

  private:
    [[nodiscard]] sdk::probe_result::milliseconds since(sdk::time_ns from) const;
    sdk::probe_result filled(sdk::probe_result made) const;

    const sdk::host* host_;
    sdk::time_ns start_;
    sdk::time_ns mark_;
    sdk::time_ns deadline_;
    std::vector<std::pair<std::string, double>> phases_;
    std::vector<std::pair<std::string, double>> metrics_;
    std::vector<std::pair<std::string, std::string>> labels_;
};

} // namespace ferrule::probes
