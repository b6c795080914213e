// The plugins in the form in which the API shows them.
#pragma once

#include "api/services.hpp"
#include "plugins/registry.hpp"
#include "runtime/blocking_pool.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// One plugin as a JSON object; also what `ferrule plugin list --json` prints.
base::json to_json(const plugins::plugin_info& shown);

/// Asks the registry on the blocking pool, because it reads folders.
class plugin_listing final : public api::plugin_listing {
  public:
    plugin_listing(plugins::registry& known, runtime::blocking_pool& pool)
        : known_(known)
        , pool_(pool) {}

    asio::awaitable<result<base::json>> list() override;
    asio::awaitable<result<base::json>> describe(std::string kind, std::string name) override;
    [[nodiscard]] std::optional<std::string> local_option(const std::string& kind, const std::string& name,
                                                          const base::json& options) override;

  private:
    plugins::registry& known_;
    runtime::blocking_pool& pool_;
};

} // namespace ferrule::app
