// The whole API over real sockets, with a fake job service below.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/fake_jobs.hpp"
#include "api/memory_store.hpp"
#include "api/services.hpp"
#include "base/json.hpp"
#include "config/settings.hpp"
#include "devices/device_tester.hpp"
#include "devices/inventory.hpp"
#include "devices/tokens.hpp"
#include "http/dispatcher.hpp"
#include "http/http_client.hpp"
#include "http/server.hpp"
#include "probes/check_service.hpp"
#include "probes/one_off.hpp"
#include "runtime/io.hpp"
#include "state/metrics.hpp"

namespace ferrule::api_test {

using base::json;
using http_test::reply;

class fake_plugins final : public api::plugin_listing {
  public:
    asio::awaitable<result<json>> list() override;
    asio::awaitable<result<json>> describe(std::string kind, std::string name) override;
    [[nodiscard]] std::optional<std::string> local_option(const std::string& kind, const std::string& name,
                                                          const json& options) override;
};

class fake_tester final : public devices::device_tester {
  public:
    asio::awaitable<result<json>> test(std::string name, base::duration limit) override;
    std::atomic<base::duration> limit{};
};

/// A probe that finds everything up but hosts whose name begins with `down`.
class fake_probe final : public plugins::probe {
  public:
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    asio::awaitable<result<std::string>> run(std::string target, base::steady_time deadline) override;
    void run_batch(std::vector<std::string> targets, base::steady_time deadline, asio::any_io_executor on,
                   batch_callback done) override;

  private:
    std::string name_ = "fake";
};

/// The check `file-check` of the probe `fake` with the targets `up1` and `down1` comes from the configuration; nobody
/// measures it unless a test gives results.
/// The device `frr1` and the credential `lab` (with the password `file-password`) come from the configuration.
class fixture {
  public:
    /// `more` completes what the routes are made over.
    explicit fixture(config::http_settings wanted = {}, const std::function<void(fixture&, api::services&)>& more = {});
    ~fixture();
    /// Ends what `more` may have added to from without, before the rest; the destructor does it otherwise.
    void stop_server();
    /// No handler runs any more after it.
    void stop_loop();

    /// A request with a token of the role; `headers` are further lines, each with its end. A body is sent as JSON.
    reply ask(const std::string& role, const std::string& line, const std::string& body = {},
              const std::string& headers = {});
    /// The answer's JSON; checks the status, and that the OpenAPI document describes it.
    json get(const std::string& line, unsigned status = 200);
    /// A connection that has asked with a token of the role viewer.
    http_test::client follow(const std::string& line, const std::string& headers = {});

    /// Runs `what` while the loop stands still, so that no listener can keep up.
    void while_loop_stands(const std::function<void()>& what);

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    [[nodiscard]] const std::string& token(const std::string& role) const { return texts_.at(role); }

    runtime::io loop;
    state::event_bus bus;
    state::metrics figures;
    memory_store records;
    std::optional<devices::vault> vault;
    std::optional<devices::inventory> inventory;
    std::optional<devices::tokens> tokens;
    fake_jobs jobs;
    fake_tester tester;
    fake_plugins plugins;
    std::optional<probes::check_book> book;
    std::optional<probes::check_service> checks;
    std::optional<probes::one_off_probes> one_off;
    std::vector<std::string> reasons; ///< Set before asking.
    std::optional<http::dispatcher> app;
    std::optional<http::server> server;

  private:
    void make_checks();

    json document_; ///< What the server says of itself, once it was asked.

    base::wall_time last_result_{};
    bool served_ = true;

    std::filesystem::path folder_;
    std::map<std::string, std::string> texts_;
};

} // namespace ferrule::api_test
