// What the routes are made over.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/node.hpp"

namespace ferrule::devices {
class job_service;
class inventory;
class tokens;
class device_tester;
} // namespace ferrule::devices

namespace ferrule::fleet {
class controller_fleet;
} // namespace ferrule::fleet

namespace ferrule::fleet::exec {
class command_center;
}

namespace ferrule::probes {
class check_service;
class one_off_probes;
} // namespace ferrule::probes

namespace ferrule::state {
class event_bus;
class metrics;
} // namespace ferrule::state

namespace ferrule::api {

namespace asio = boost::asio;

/// The plugins as clients see them. Reading the folders may block, so both are asynchronous; they resume on the
/// caller's executor.
class plugin_listing {
  public:
    virtual ~plugin_listing() = default;
    /// A list of objects: {"id", "version", "state", "file", "components": [{"kind", "name", "summary"}], "problem",
    /// …}.
    virtual asio::awaitable<result<base::json>> list() = 0;
    /// One component with its config schema; `plugin_not_found`.
    virtual asio::awaitable<result<base::json>> describe(std::string kind, std::string name) = 0;
    /// The path of the first option that reaches for something of the machine that runs the plugin, which is for
    /// administrators to choose; none when there is none. `kind` as in `driver`.
    [[nodiscard]] virtual std::optional<std::string> local_option(const std::string& kind, const std::string& name,
                                                                  const base::json& options) = 0;
};

/// References to the floors below; all must outlive the router.
struct services {
    devices::job_service& jobs;
    devices::inventory& inventory;
    devices::tokens& tokens;
    devices::device_tester& tester;
    state::event_bus& events;
    state::metrics& metrics;
    plugin_listing& plugins;
    probes::check_service& checks;
    probes::one_off_probes& one_off;
    std::function<std::vector<model::node_info>()> nodes;
    /// Why the process is not ready; empty when it is.
    std::function<std::vector<std::string>()> not_ready;
    const base::clock& time;
    fleet::exec::command_center* commands = nullptr; ///< Null without agents.
    bool operators_may_command = false;              ///< In argv form.
    /// Null where there are no agents at all, as in some tests.
    fleet::controller_fleet* agents = nullptr;
};

} // namespace ferrule::api
