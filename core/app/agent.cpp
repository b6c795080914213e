#include "app/agent.hpp"

#include "app/agent_checks.hpp"
#include "app/convert.hpp"
#include "app/job_runner.hpp"
#include "app/startup_memory.hpp"
#include "app/stop_signals.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "devices/secret_book.hpp"
#include "fleet/agent_link.hpp"
#include "fleet/host/sampler.hpp"
#include "net/http_client.hpp"
#include "net/resolver.hpp"
#include "plugins/registry.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/io.hpp"
#include "runtime/lifecycle.hpp"
#include "runtime/spawn.hpp"
#include "state/metrics.hpp"
#include "state/plugin_metrics.hpp"
#include "store/open.hpp"

#include <sodium.h>

#include <optional>
#include <utility>

namespace ferrule::app {

namespace {

std::vector<store::collection> all_collections() {
    auto all = fleet::spool::collections();
    for (auto& each : agent_checks::collections())
        all.push_back(std::move(each));
    return all;
}

fleet::protocol::outbox::limits spool_limits(const config::agent_settings& from) {
    fleet::protocol::outbox::limits out;
    out.bytes = from.spool;
    return out;
}

double chance() {
    constexpr double whole = 4294967296.0; // 2^32
    return randombytes_random() / whole;
}

} // namespace

// Members in the order of dependence; those that need the store are made while starting.
class agent::parts {
  public:
    explicit parts(config::settings wanted)
        : settings_(std::move(wanted))
        , loop_(settings_.runtime.threads)
        , pool_(settings_.runtime.blocking_threads)
        , names_(loop_)
        , http_client_(loop_)
        , plugin_figures_(figures_.registry())
        , plugins_(plugins::surroundings{loop_, pool_, names_, http_client_, &secrets_, &plugin_figures_},
                   plugin_settings_of(settings_))
        , signals_(loop_) {
        compose();
    }

    result<void> run();

  private:
    void compose();
    asio::awaitable<result<void>> open_store();
    asio::awaitable<result<void>> open_link();
    asio::awaitable<result<void>> start_checks();
    asio::awaitable<result<void>> start_jobs();
    asio::awaitable<result<void>> start_link();
    asio::awaitable<void> life();

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
    fleet::host::sampler sampler_;
    runtime::lifecycle lifecycle_;

    std::unique_ptr<store::open_store> store_;
    std::optional<fleet::spool> spool_;
    std::optional<fleet::agent_link> link_;
    std::unique_ptr<agent_checks> checks_;
    std::unique_ptr<job_runner> jobs_;
    result<void> outcome_ = ok();
};

void agent::parts::compose() {
    const auto grace = settings_.runtime.shutdown_grace;
    lifecycle_.add("plugins", {}, [this, grace]() -> asio::awaitable<void> { co_await plugins_.stop(grace); });
    lifecycle_.add(
        "store", [this] { return open_store(); }, [this]() -> asio::awaitable<void> { co_await store_->stop(); });
    // Services over the link add their handlers between these two, and stop after the second.
    lifecycle_.add("spool", [this] { return open_link(); }, {});
    lifecycle_.add(
        "checks", [this] { return start_checks(); }, [this]() -> asio::awaitable<void> { co_await checks_->stop(); });
    if (settings_.agent.jobs.enabled)
        lifecycle_.add(
            "jobs", [this] { return start_jobs(); },
            [this, grace]() -> asio::awaitable<void> { co_await jobs_->stop(grace); });
    lifecycle_.add(
        "link", [this] { return start_link(); },
        [this, grace]() -> asio::awaitable<void> { co_await link_->stop(grace); });
}

asio::awaitable<result<void>> agent::parts::open_store() {
    auto opened = co_await store::open(plugins_, loop_, pool_, settings_.store, all_collections());
    if (!opened)
        co_return opened.error();
    store_ = std::move(*opened);
    co_return ok();
}

asio::awaitable<result<void>> agent::parts::open_link() {
    spool_.emplace(*store_, spool_limits(settings_.agent), base::system_clock());
    auto loaded = co_await spool_->load();
    if (!loaded)
        co_return loaded.error();
    fleet::agent_link_parts made{loop_,
                                 names_,
                                 *spool_,
                                 base::system_clock(),
                                 fleet::identity_file(settings_.data_dir / "fleet"),
                                 settings_.agent,
                                 version_number(),
                                 [this] { return sampler_.sample(); },
                                 chance};
    link_.emplace(std::move(made));
    co_return ok();
}

asio::awaitable<result<void>> agent::parts::start_checks() {
    checks_ = std::make_unique<agent_checks>(loop_.make_strand(), settings_.agent.name, plugins_, *store_, *link_,
                                             figures_.registry());
    co_return co_await checks_->start();
}

asio::awaitable<result<void>> agent::parts::start_jobs() {
    jobs_ = std::make_unique<job_runner>(settings_, loop_, plugins_, secrets_, figures_, *link_);
    co_return ok();
}

asio::awaitable<result<void>> agent::parts::start_link() {
    link_->start();
    co_return ok();
}

asio::awaitable<void> agent::parts::life() {
    outcome_ = co_await lifecycle_.start();
    if (outcome_) {
        base::log::info("app", "ready", {{"agent", settings_.agent.name}});
        give_back_startup_memory();
        co_await signals_.wait();
        base::log::info("app", "stopping");
        co_await lifecycle_.stop();
    }
    loop_.stop();
}

result<void> agent::parts::run() {
    runtime::spawn(loop_.make_strand(), "app", life());
    loop_.run();
    pool_.stop();
    return outcome_;
}

agent::agent(config::settings wanted)
    : parts_(std::make_unique<parts>(std::move(wanted))) {}

agent::~agent() = default;

result<void> agent::run() {
    return parts_->run();
}

} // namespace ferrule::app
