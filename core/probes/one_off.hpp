// Measurements that somebody asks for now.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"
#include "model/node.hpp"
#include "model/sample.hpp"
#include "plugins/probe.hpp"
#include "probes/probe_settings.hpp"

namespace ferrule::probes {

namespace asio = boost::asio;

struct one_off_request {
    std::string probe;
    std::vector<model::check_target> targets;
    std::string settings;                   ///< JSON object text for the probe, or empty.
    std::optional<model::node_filter> from; ///< Without it the node that is asked.
    std::uint32_t count = 1;                ///< Rounds.
    base::duration interval = std::chrono::seconds(1);
    base::duration timeout = std::chrono::seconds(5); ///< Of one measurement.
};

/// Strict: `invalid_request` with every fault and its path. A target may be a text, its host.
result<one_off_request> one_off_from_json(const base::json& body);

/// One target from one node.
struct one_off_place {
    std::string target;
    std::string node;
};

/// What came of one place in one round, from 0 on.
struct one_off_sample {
    model::sample found;
    std::uint32_t round = 0;
};

/// A request at work. Everything on the executor that it was begun with; destroying it ends it, and what is under way
/// then is forgotten.
class one_off_run {
  public:
    ~one_off_run();
    [[nodiscard]] const std::vector<one_off_place>& places() const noexcept;
    /// What has come since, at least one; empty at the end, or when the deadline passed.
    asio::awaitable<std::vector<one_off_sample>> next(base::steady_time deadline);
    [[nodiscard]] bool ended() const noexcept;

  private:
    friend class one_off_probes;
    struct work;
    explicit one_off_run(std::shared_ptr<work> inner);
    std::shared_ptr<work> inner_;
};

/// Begins such runs: here through the probe plugins, elsewhere through whoever reaches that node. Thread-safe.
class one_off_probes {
  public:
    using probe_source = std::function<result<std::shared_ptr<plugins::probe>>(const std::string& name)>;
    using done = std::function<void(std::size_t index, result<std::string> outcome)>;
    /// Has another node measure `inputs` (as probe_input makes them); `tell` is called once for each on `on`.
    using elsewhere =
        std::function<void(const std::string& node, const std::string& probe, std::vector<std::string> inputs,
                           base::duration timeout, asio::any_io_executor on, done tell)>;

    /// `local` is the name of this node; `nodes` gives all.
    one_off_probes(std::string local, probe_source probes, settings_schema schemas,
                   std::function<std::vector<model::node_info>()> nodes, std::size_t most_places,
                   const base::clock& time = base::system_clock());

    /// Before the first run.
    void reach_others(elsewhere through) { through_ = std::move(through); }

    /// What is wrong with a request, as `begin` would tell it.
    result<void> check(const one_off_request& wanted) const;
    /// `invalid_request` for settings that the probe does not take and for too much at once, `plugin_not_found`,
    /// `no_node` when no node matches.
    result<std::unique_ptr<one_off_run>> begin(one_off_request wanted, asio::any_io_executor on) const;
    /// One measurement of the first target from this node, until the plugin has told; a cancellation has the plugin end
    /// it, and is waited for. Settings are not checked ahead: what the probe says of them is in the sample, like every
    /// other failure. Fails with `plugin_not_found`.
    asio::awaitable<result<model::sample>> measure_here(one_off_request wanted) const;

  private:
    [[nodiscard]] result<std::vector<std::string>> nodes_for(const one_off_request& wanted) const;

    const std::string local_;
    const probe_source probes_;
    const settings_schema schemas_;
    const std::function<std::vector<model::node_info>()> nodes_;
    const std::size_t most_places_;
    const base::clock& time_;
    elsewhere through_;
};

} // namespace ferrule::probes
