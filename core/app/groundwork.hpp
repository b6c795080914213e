// What every role of the daemon stands on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/stop_signals.hpp"
#include "config/settings.hpp"
#include "devices/secret_book.hpp"
#include "net/http_client.hpp"
#include "net/resolver.hpp"
#include "plugins/registry.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/io.hpp"
#include "runtime/lifecycle.hpp"
#include "state/metrics.hpp"
#include "state/plugin_metrics.hpp"
#include "store/open.hpp"

namespace ferrule::app {

/// Loop, pool, plugins, store and the way from start to stop, so that a role only names its own parts: it derives from
/// this, adds them to `lifecycle_` in the order of starting, and runs. Lives on the thread that calls `run`.
class groundwork {
  public:
    groundwork(const groundwork&) = delete;
    groundwork& operator=(const groundwork&) = delete;

  protected:
    explicit groundwork(config::settings wanted);
    ~groundwork() = default; // nobody owns a role by its ground

    /// To be added once the role has what it reads from the store; `collections` are all that it keeps there.
    asio::awaitable<result<void>> open_store(std::vector<store::collection> collections);
    /// Stops what `open_store` opened.
    asio::awaitable<void> close_store();

    /// Starts the parts, runs until SIGTERM or SIGINT (a second one ends at once), stops them in the reverse order.
    /// `key` and `name` tell the log whose process is ready. Fails when a part cannot start.
    result<void> run(std::string_view key, const std::string& name);

    config::settings settings_;
    runtime::io loop_;
    runtime::blocking_pool pool_;
    net::resolver names_;
    net::http_client http_client_;
    state::metrics figures_;
    state::plugin_metrics plugin_figures_;
    devices::secret_book secrets_;
    plugins::registry plugins_;
    stop_signals signals_;
    runtime::lifecycle lifecycle_;
    std::unique_ptr<store::open_store> store_;

  private:
    asio::awaitable<void> life(std::string_view key, std::string name);

    result<void> outcome_ = ok();
};

} // namespace ferrule::app
