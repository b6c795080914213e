// Probes that are run once on agents, as the controller sees them.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "fleet/link.hpp"
#include "probes/one_off.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Has agents with the feature `probes/1` measure once. Whoever asked hears of each input exactly once: what the agent
/// found, that it went away, or that it said nothing in time. Made before the link starts; thread-safe.
class remote_probes {
  public:
    /// `way` is what request and answer may take on top of the time that the probes have.
    explicit remote_probes(fleet::agents_link& link, base::duration way = std::chrono::seconds(10));

    /// As one_off_probes wants it: `tell` comes on `on`. Fails with `agent_offline` or `agent_silent`.
    void begin(const std::string& agent, const std::string& probe, const std::vector<std::string>& inputs,
               base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell);

  private:
    struct open_requests;

    const std::shared_ptr<open_requests> open_;
};

} // namespace ferrule::app
