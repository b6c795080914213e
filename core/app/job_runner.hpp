// Device jobs in the role agent.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "app/job_links.hpp"
#include "config/settings.hpp"
#include "devices/job_executor.hpp"
#include "devices/secret_book.hpp"
#include "plugins/registry.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "state/metrics.hpp"

namespace ferrule::app {

/// Everything that runs the jobs which a controller orders. Made before the link starts. `stop` before the plugins end
/// and while the link still is there, so that what has just ended is kept. References must outlive it.
class job_runner {
  public:
    job_runner(const config::settings& wanted, runtime::io& loop, plugins::registry& all, devices::secret_book& secrets,
               state::metrics& figures, fleet::controller_link& link);

    boost::asio::awaitable<void> stop(base::duration grace);

  private:
    state::event_bus bus_; ///< Nobody resumes here, so it keeps nothing.
    devices::job_table table_;
    devices::node_parts parts_;
    controllers_sender sender_;
    devices::job_executor executor_;
};

} // namespace ferrule::app
