// Checks on agents, as the controller sees them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/assignment_sender.hpp"
#include "fleet/link.hpp"
#include "probes/check_service.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Joins the check service with the link: agents are told what to measure when they connect and when it changes, and
/// what they measured goes to the service, which acknowledges it once it is on disk. An agent without the feature
/// `checks/1` is left alone; its silence shows as missing votes. Made before the link starts; thread-safe.
class remote_checks {
  public:
    /// `nodes` gives all nodes, agents that are away included.
    remote_checks(const asio::any_io_executor& strand, probes::check_service& checks, fleet::agents_link& link,
                  std::function<std::vector<model::node_info>()> nodes);
    remote_checks(const remote_checks&) = delete;
    remote_checks& operator=(const remote_checks&) = delete;

    /// Assignments may have changed: whoever is connected and has others now is told.
    void assignments_changed();
    /// Asks an agent to run a check now; false when it is not connected.
    bool run_now(const std::string& agent, const std::string& check, const std::string& target);
    void stop();

  private:
    void nodes_changed();
    void look_at_nodes();
    void take_samples(const std::string& agent, const base::json& body, std::function<void()> taken);

    probes::check_service& checks_;
    fleet::agents_link& link_;
    const std::function<std::vector<model::node_info>()> nodes_;
    const std::shared_ptr<assignment_sender> sender_;
    std::atomic<bool> looking_ = false; ///< A look at the nodes is planned, or none is wanted any more.
    // On the strand.
    asio::steady_timer timer_;
    /// Nodes as the service was told of them: region and labels by name.
    std::map<std::string, std::pair<std::string, model::labels>> known_;
};

} // namespace ferrule::app
