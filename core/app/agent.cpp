#include "app/agent.hpp"

#include "app/agent_checks.hpp"
#include "app/agent_commands.hpp"
#include "app/groundwork.hpp"
#include "app/job_runner.hpp"
#include "app/version.hpp"
#include "base/json.hpp"
#include "fleet/agent_identity.hpp"
#include "fleet/agent_link.hpp"
#include "fleet/host/sampler.hpp"

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
class agent::parts : private groundwork {
  public:
    explicit parts(config::settings wanted)
        : groundwork(std::move(wanted))
        , commands_(settings_, plugins_, loop_, pool_) {
        compose();
    }

    result<void> run() { return groundwork::run("agent", settings_.agent.name); }

  private:
    void compose();
    asio::awaitable<result<void>> open_link();
    asio::awaitable<result<void>> start_checks();
    asio::awaitable<result<void>> start_jobs();
    asio::awaitable<result<void>> start_link();
    std::string heartbeat();

    fleet::host::sampler sampler_;
    std::optional<fleet::spool> spool_;
    std::optional<fleet::agent_link> link_;
    std::unique_ptr<agent_checks> checks_;
    agent_commands commands_;
    std::unique_ptr<job_runner> jobs_;
};

void agent::parts::compose() {
    const auto grace = settings_.runtime.shutdown_grace;
    lifecycle_.add(
        "store", [this] { return open_store(all_collections()); }, [this] { return close_store(); });
    // Services over the link add their handlers between these two, and stop after the second.
    lifecycle_.add("spool", [this] { return open_link(); }, {});
    lifecycle_.add(
        "checks", [this] { return start_checks(); }, [this]() -> asio::awaitable<void> { co_await checks_->stop(); });
    if (settings_.agent.jobs.enabled)
        lifecycle_.add(
            "jobs", [this] { return start_jobs(); },
            [this, grace]() -> asio::awaitable<void> { co_await jobs_->stop(grace); });
    lifecycle_.add(
        "commands", [this] { return commands_.open(*link_); },
        [this, grace]() -> asio::awaitable<void> { co_await commands_.stop(grace); });
    lifecycle_.add(
        "link", [this] { return start_link(); },
        [this, grace]() -> asio::awaitable<void> { co_await link_->stop(grace); });
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
                                 [this] { return heartbeat(); },
                                 chance};
    link_.emplace(std::move(made));
    co_return ok();
}

// While the link runs, which starts after the checks and stops before them.
std::string agent::parts::heartbeat() {
    auto body = sampler_.sample();
    body["checks"] = checks_->figures();
    return base::dump(body);
}

asio::awaitable<result<void>> agent::parts::start_checks() {
    probes::runner_options limits;
    limits.most_running = settings_.probes.max_running;
    const fleet::identity_file identity(settings_.data_dir / "fleet");
    checks_ = std::make_unique<agent_checks>(
        loop_.make_strand(), [identity, asked = settings_.agent.name] { return identity.name_or(asked); }, plugins_,
        *store_, *link_, figures_.registry(), limits);
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

agent::agent(config::settings wanted)
    : parts_(std::make_unique<parts>(std::move(wanted))) {}

agent::~agent() = default;

result<void> agent::run() {
    return parts_->run();
}

} // namespace ferrule::app
