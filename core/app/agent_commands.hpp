// Commands on the host of an agent, composed.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>

#include "config/settings.hpp"
#include "fleet/exec/command_agent.hpp"
#include "fleet/link.hpp"
#include "plugins/registry.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/io.hpp"
#include "store/open.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// The ledger in a file of its own, the policy of the configuration, and the service over the link. An agent whose
/// configuration does not turn commands on has it too: it then refuses with the reason, and remembers that. References
/// must outlive it.
class agent_commands {
  public:
    agent_commands(const config::settings& from, plugins::registry& plugins, runtime::io& loop,
                   runtime::blocking_pool& pool);

    /// Before the link starts. Fails with what is wrong with the keys or the ledger's file.
    asio::awaitable<result<void>> open(fleet::controller_link& link);
    /// Ends what runs and keeps its results for the controller.
    asio::awaitable<void> stop(base::duration grace);

  private:
    [[nodiscard]] result<fleet::exec::trusted_keys> keys() const;
    [[nodiscard]] std::string name() const;

    const config::settings& settings_;
    plugins::registry& plugins_;
    runtime::io& loop_;
    runtime::blocking_pool& pool_;
    asio::any_io_executor on_;
    std::unique_ptr<store::open_store> ledger_;
    std::shared_ptr<fleet::exec::command_agent> service_;
};

} // namespace ferrule::app
