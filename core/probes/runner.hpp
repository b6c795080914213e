// Measures what this node was assigned, in time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/sample.hpp"
#include "plugins/probe.hpp"
#include "probes/assignment.hpp"
#include "probes/runner_metrics.hpp"

namespace ferrule::probes {

namespace asio = boost::asio;

struct runner_options {
    std::size_t most_running = 10'000; ///< At once; what is due beyond that waits, and lags.
    std::size_t batch = 1'000;         ///< Begun between two looks at the rest of the loop.
};

/// Runs thousands of checks on one timer: what is due at the same millisecond goes to its probe plugin as one batch.
/// Each result becomes a sample, with its lag; one that is bad brings further tries until the state is hard, decided
/// here, so that it needs nobody. The same on every node. All members may be called from any thread; everything else
/// happens on the executor that it was made with, a strand.
class runner {
  public:
    /// The probe of a name; asked once for each name.
    using probe_source = std::function<result<std::shared_ptr<plugins::probe>>(const std::string& name)>;
    /// Takes what was measured in one round of the loop, on the strand.
    using sample_sink = std::function<void(std::vector<model::sample> all)>;

    /// `node` is where samples say that they come from. Metrics and clock must outlive the runner, and the loop.
    runner(asio::any_io_executor strand, std::string node, probe_source probes, sample_sink take,
           runner_metrics& figures, runner_options limits = {}, const base::clock& time = base::system_clock());
    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;
    ~runner();

    /// The node has another name from now on; what is assigned already keeps its phase.
    void rename(std::string node);
    /// From now on exactly these. What is not new and has the same revision goes on as if nothing had been said.
    void assign(std::vector<assignment> all);
    /// Runs a check now, beside its ticks; all its targets when none is named. What is not assigned here is left out.
    void run_now(std::string check, std::string target = {});
    /// Begins nothing more. What is under way is left to the plugins, and is not taken any more.
    asio::awaitable<void> stop();

  private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace ferrule::probes
