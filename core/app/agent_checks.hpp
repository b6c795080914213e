// Checks and probes on an agent.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/check_messages.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "base/log_pace.hpp"
#include "fleet/link.hpp"
#include "plugins/registry.hpp"
#include "probes/runner.hpp"
#include "runtime/gate.hpp"
#include "store/store.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Measures what the controller has assigned, also while no controller answers and after a restart: the assignments are
/// kept on disk, and so is each result until a controller has it. Made before the link starts. Its work happens on the
/// strand that it was made with.
class agent_checks {
  public:
    static std::vector<store::collection> collections();

    /// `name` tells what this agent is called; asked when a controller has connected, on its link's strand.
    agent_checks(asio::any_io_executor strand, std::function<std::string()> name, plugins::registry& plugins,
                 store::store& records, fleet::controller_link& link, prometheus::Registry& figures,
                 probes::runner_options limits);
    agent_checks(const agent_checks&) = delete;
    agent_checks& operator=(const agent_checks&) = delete;

    /// Takes up what was assigned before.
    asio::awaitable<result<void>> start();
    /// Ends measuring and keeps what was measured.
    asio::awaitable<void> stop();
    /// How the schedule is kept, for heartbeats: whoever looks for a gap in the results learns whether this agent knows
    /// of it. From any thread.
    [[nodiscard]] base::json figures() const;

  private:
    void take_part(const base::json& body);
    void keep(const std::vector<std::string>& bodies);
    void apply(const std::vector<std::string>& bodies);
    void measured(std::vector<model::sample> found);
    void deliver();
    void probe(const base::json& body);

    const asio::any_io_executor strand_;
    plugins::registry& plugins_;
    store::store& records_;
    fleet::controller_link& link_;
    probes::runner_metrics metrics_;
    std::atomic<std::uint64_t> lost_ = 0; ///< Results that could not be kept.
    base::log_pace losses_{std::chrono::minutes(10)};
    // Only on the strand.
    messages::assignment_collector collector_;
    std::size_t kept_parts_ = 0;
    std::vector<model::sample> waiting_;
    asio::steady_timer timer_;
    bool timing_ = false;
    runtime::gate writes_;
    probes::runner runner_;
};

} // namespace ferrule::app
