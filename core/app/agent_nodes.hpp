// The agents of a controller as nodes for device jobs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "devices/agent_jobs.hpp"
#include "fleet/agent_directory.hpp"
#include "fleet/link.hpp"
#include "runtime/io.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Passes the messages about jobs on, and gives an agent up when it has been away for too long. Made before the link
/// starts; `expect` once the engine has started. References must outlive it; thread-safe.
class agent_nodes {
  public:
    agent_nodes(runtime::io& loop, devices::job_engine& engine, devices::agent_sender& sender, fleet::agents_link& link,
                const fleet::agent_directory& book, store::store& records, base::duration limit);
    ~agent_nodes();

    /// The agents that did run jobs, as the fleet knows them; before the engine starts, which places jobs with them in
    /// mind.
    void know_all();
    /// From now on these, and those that have jobs of the process before, are waited for.
    void expect();
    asio::awaitable<void> stop(base::duration grace);

  private:
    void listen(fleet::agents_link& link);
    void know(const std::string& agent);
    void left(const std::string& agent);
    void wait_for(const std::string& agent);
    void came(const std::string& agent);

    runtime::io& loop_;
    devices::agent_jobs jobs_;
    const fleet::agent_directory& book_;
    const base::duration limit_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<boost::asio::steady_timer>> awaited_;
    bool stopped_ = false;
};

} // namespace ferrule::app
