// Checks and probes on agents, as the controller sees them.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "fleet/link.hpp"
#include "probes/check_service.hpp"
#include "probes/one_off.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Joins the check service and one-off probes with the link: agents are told what to measure when they connect and when
/// it changes, and what they measured goes to the service, which acknowledges it once it is on disk. An agent without
/// the feature `checks/1` is left alone; its silence shows as missing votes. Made before the link starts; thread-safe.
class remote_checks {
  public:
    /// `nodes` gives all nodes, agents that are away included.
    remote_checks(probes::check_service& checks, probes::one_off_probes& probes, fleet::agents_link& link,
                  std::function<std::vector<model::node_info>()> nodes);
    remote_checks(const remote_checks&) = delete;
    remote_checks& operator=(const remote_checks&) = delete;

    /// Assignments may have changed: whoever is connected and has others now is told.
    void assignments_changed();
    /// Asks an agent to run a check now; false when it is not connected.
    bool run_now(const std::string& agent, const std::string& check, const std::string& target);

  private:
    /// Outcomes that one request for probes waits for.
    struct waiting {
        std::string agent;
        std::vector<bool> told;
        asio::any_io_executor on;
        probes::one_off_probes::done tell;
    };

    void look_at_nodes();
    void connected(const std::string& agent);
    void disconnected(const std::string& agent);
    void assign(const std::string& agent, bool anyway);
    void take_samples(const std::string& agent, const base::json& body, std::function<void()> taken);
    void probe(const std::string& agent, const std::string& probe, std::vector<std::string> inputs,
               base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell);
    void take_outcome(const std::string& agent, const base::json& body);

    probes::check_service& checks_;
    fleet::agents_link& link_;
    const std::function<std::vector<model::node_info>()> nodes_;
    std::mutex mutex_;                            ///< For what follows.
    std::map<std::string, model::labels> known_;  ///< Nodes as the service was told of them.
    std::map<std::string, std::string> assigned_; ///< What connected agents were told last, as a hash.
    std::map<std::string, waiting> waiting_;      ///< By id of the request.
};

} // namespace ferrule::app
