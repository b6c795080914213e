#include "app/controller.hpp"

#include "api/routes.hpp"
#include "app/agent_nodes.hpp"
#include "app/check_parts.hpp"
#include "app/convert.hpp"
#include "app/first_token.hpp"
#include "app/groundwork.hpp"
#include "app/job_links.hpp"
#include "app/open_files.hpp"
#include "app/plugin_listing.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "config/platforms.hpp"
#include "devices/inventory.hpp"
#include "devices/job_engine.hpp"
#include "devices/job_records.hpp"
#include "devices/login_tester.hpp"
#include "devices/node_parts.hpp"
#include "devices/platform_book.hpp"
#include "devices/tokens.hpp"
#include "devices/vault.hpp"
#include "fleet/controller_fleet.hpp"
#include "fleet/exec/command_center.hpp"
#include "fleet/fleet_metrics.hpp"
#include "http/dispatcher.hpp"
#include "http/request_metrics.hpp"
#include "http/server.hpp"
#include "state/event_bus.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

namespace ferrule::app {

namespace {

std::vector<store::collection> all_collections() {
    auto all = devices::job_records::collections();
    for (auto& each : devices::part_store::collections())
        all.push_back(std::move(each));
    for (auto& each : devices::inventory::collections())
        all.push_back(std::move(each));
    for (auto& each : devices::tokens::collections())
        all.push_back(std::move(each));
    for (auto& each : check_parts::collections())
        all.push_back(std::move(each));
    for (auto& each : fleet::controller_fleet::collections())
        all.push_back(std::move(each));
    for (auto& each : fleet::exec::command_records::collections())
        all.push_back(std::move(each));
    return all;
}

// Agents stand among the nodes; those that execute nothing have no capacity.
model::node_info to_node(const model::agent& from) {
    model::node_info out;
    out.name = from.name;
    out.region = from.region;
    out.tags = from.tags;
    out.load = from.load;
    out.online = from.state == model::agent_state::online;
    return out;
}

} // namespace

// Members in the order of dependence; those that need the store or the key are made while starting.
class controller::parts : private groundwork {
  public:
    explicit parts(config::settings wanted)
        : groundwork(std::move(wanted))
        , listing_(plugins_, pool_)
        , table_(bus_, figures_, settings_.jobs.keep_finished_in_memory) {
        compose();
    }

    result<void> run() { return groundwork::run("node", settings_.node); }

  private:
    void compose();
    asio::awaitable<result<void>> open_vault();
    asio::awaitable<result<void>> load_inventory();
    asio::awaitable<result<void>> start_jobs();
    asio::awaitable<result<void>> start_checks();
    asio::awaitable<result<void>> open_fleet();
    asio::awaitable<result<void>> start_commands();
    asio::awaitable<result<void>> start_fleet();
    asio::awaitable<result<void>> start_server();
    std::vector<model::node_info> nodes();
    std::vector<std::string> reasons() const;

    state::event_bus bus_;
    plugin_listing listing_;
    devices::job_table table_;
    std::optional<devices::platform_book> platforms_;
    std::optional<devices::vault> vault_;
    std::optional<devices::inventory> inventory_;
    std::optional<devices::tokens> tokens_;
    std::optional<devices::job_records> records_;
    std::unique_ptr<devices::node_parts> node_;
    std::optional<agents_sender> agents_sender_;
    std::unique_ptr<devices::job_engine> engine_;
    std::unique_ptr<agent_nodes> agent_nodes_;
    std::unique_ptr<devices::login_tester> tester_;
    std::unique_ptr<check_parts> checks_;
    std::optional<fleet::controller_fleet> fleet_;
    std::optional<fleet::fleet_metrics> fleet_figures_;
    std::optional<fleet::exec::command_metrics> command_figures_;
    std::shared_ptr<fleet::exec::command_center> commands_;
    std::unique_ptr<http::dispatcher> dispatcher_;
    std::unique_ptr<http::server> server_;
    std::atomic<const char*> not_ready_ = "starting"; // null when it is; read by whoever asks /readyz, on any thread
};

void controller::parts::compose() {
    const auto grace = settings_.runtime.shutdown_grace;
    lifecycle_.add("vault", [this] { return open_vault(); }, {});
    lifecycle_.add(
        "store", [this] { return open_store(all_collections()); }, [this] { return close_store(); });
    lifecycle_.add("inventory", [this] { return load_inventory(); }, {});
    // Services over the link add their handlers between these two, and stop after the second.
    lifecycle_.add("fleet", [this] { return open_fleet(); }, {});
    lifecycle_.add(
        "jobs", [this] { return start_jobs(); },
        [this, grace]() -> asio::awaitable<void> {
            if (agent_nodes_)
                co_await agent_nodes_->stop(grace);
            co_await engine_->stop(grace);
            co_await tester_->stop(grace);
        });
    lifecycle_.add(
        "checks", [this] { return start_checks(); }, [this]() -> asio::awaitable<void> { co_await checks_->stop(); });
    lifecycle_.add(
        "commands", [this] { return start_commands(); },
        [this]() -> asio::awaitable<void> {
            if (commands_)
                commands_->stop();
            co_return;
        });
    lifecycle_.add(
        "link", [this] { return start_fleet(); },
        [this, grace]() -> asio::awaitable<void> { co_await fleet_->stop(grace); });
    lifecycle_.add(
        "http", [this] { return start_server(); },
        [this, grace]() -> asio::awaitable<void> {
            not_ready_ = "stopping";
            bus_.close();
            co_await server_->stop(grace);
        });
}

asio::awaitable<result<void>> controller::parts::open_vault() {
    auto opened = devices::vault::open(settings_.secrets.key_file);
    if (!opened)
        co_return opened.error();
    vault_.emplace(std::move(*opened));
    co_return ok();
}

asio::awaitable<result<void>> controller::parts::load_inventory() {
    auto platforms = config::load_platforms(settings_.platforms.folders);
    if (!platforms)
        co_return platforms.error();
    platforms_.emplace(*platforms);
    inventory_.emplace(*store_, *vault_);
    auto loaded = co_await inventory_->load(settings_.inventory.devices, settings_.inventory.credentials);
    if (!loaded)
        co_return loaded.error();
    tokens_.emplace(*store_);
    auto known = co_await tokens_->load(tokens_of(settings_));
    if (!known)
        co_return known.error();
    co_return co_await make_first_token(*tokens_, settings_.data_dir);
}

asio::awaitable<result<void>> controller::parts::start_jobs() {
    auto chooser = co_await plugins_.scheduler(settings_.scheduler.plugin);
    if (!chooser)
        co_return chooser.error();
    records_.emplace(*store_, *vault_, settings_.store.retention.jobs, settings_.jobs.idempotency_window);
    node_.reset(new devices::node_parts{settings_.node, loop_, plugins_, base::system_clock(), settings_.jobs, table_,
                                        secrets_, bus_, figures_,
                                        [this](const std::string& name) { return platforms_->find(name); }});
    auto* const link = fleet_->link();
    if (link != nullptr)
        agents_sender_.emplace(*link);
    engine_ = std::make_unique<devices::job_engine>(*node_, *inventory_, *records_, std::move(*chooser),
                                                    agents_sender_ ? &*agents_sender_ : nullptr);
    if (link != nullptr)
        agent_nodes_ = std::make_unique<agent_nodes>(loop_, *engine_, *agents_sender_, *link, fleet_->agents(), *store_,
                                                     settings_.jobs.node_timeout);
    tester_ = std::make_unique<devices::login_tester>(*node_, *inventory_);
    if (agent_nodes_)
        agent_nodes_->know_all();
    auto started = co_await engine_->start();
    if (started && agent_nodes_)
        agent_nodes_->expect();
    co_return started;
}

asio::awaitable<result<void>> controller::parts::open_fleet() {
    if (!settings_.fleet.listen.empty())
        make_room_for_agents(settings_.fleet.max_agents);
    fleet_.emplace(loop_, *store_, bus_, base::system_clock(), settings_.fleet, settings_.data_dir / "fleet",
                   settings_.node, version_number());
    co_return co_await fleet_->open();
}

asio::awaitable<result<void>> controller::parts::start_commands() {
    auto* link = fleet_->link();
    if (link == nullptr)
        co_return ok();
    auto key = fleet::exec::signing_key::open(settings_.commands.key_file.string());
    if (!key)
        co_return key.error();
    fleet_figures_.emplace(figures_.registry(), fleet_->agents(), base::system_clock(), settings_.probes.max_series);
    fleet_figures_->listen_to(*link);
    figures_.before_page([this] { fleet_figures_->refresh(); });
    command_figures_.emplace(figures_.registry());
    fleet_->tell_command_key(key->shown().text());
    fleet::exec::center_parts over{loop_.get_executor(),
                                   *link,
                                   fleet_->agents(),
                                   *store_,
                                   bus_,
                                   std::move(*key),
                                   settings_.commands,
                                   settings_.store.retention,
                                   base::system_clock(),
                                   &*command_figures_};
    commands_ = std::make_shared<fleet::exec::command_center>(std::move(over));
    commands_->listen();
    fleet_->on_revoked([commands = std::weak_ptr(commands_)](const std::string& agent) {
        if (const auto there = commands.lock())
            there->agent_changed(agent);
    });
    co_return co_await commands_->start();
}

asio::awaitable<result<void>> controller::parts::start_fleet() {
    co_return fleet_->start();
}

std::vector<model::node_info> controller::parts::nodes() {
    auto all = engine_->nodes();
    for (const auto& each : fleet_->agents().list()) {
        if (each->state == model::agent_state::revoked || !each->last_seen_at)
            continue; // one that has joined and never come is no place yet
        auto shown = to_node(*each);
        const auto at =
            std::find_if(all.begin(), all.end(), [&each](const auto& one) { return one.name == each->name; });
        if (at == all.end()) {
            all.push_back(std::move(shown));
            continue;
        }
        shown.capacity = at->capacity; // for jobs
        shown.count = at->count;
        *at = std::move(shown);
    }
    return all;
}

asio::awaitable<result<void>> controller::parts::start_checks() {
    const check_surroundings around{loop_,    pool_, *store_,  *vault_,
                                    plugins_, bus_,  figures_, [this] { return nodes(); }};
    checks_ = std::make_unique<check_parts>(around, settings_);
    if (auto* const link = fleet_->link())
        checks_->reach_agents(*link);
    co_return co_await checks_->start();
}

std::vector<std::string> controller::parts::reasons() const {
    std::vector<std::string> all;
    if (const auto* reason = not_ready_.load())
        all.emplace_back(reason);
    return all;
}

asio::awaitable<result<void>> controller::parts::start_server() {
    api::services over{*engine_,
                       *inventory_,
                       *tokens_,
                       *tester_,
                       bus_,
                       figures_,
                       listing_,
                       checks_->service(),
                       checks_->one_off(),
                       [this] { return nodes(); },
                       [this] { return reasons(); },
                       base::system_clock()};
    over.agents = &*fleet_;
    over.commands = commands_.get();
    over.operators_may_command = settings_.commands.operators;
    dispatcher_ = std::make_unique<http::dispatcher>(
        api::make_router(over, settings_.http, api::exporter_page{checks_->exporter(), settings_.exporter.access}),
        [this](std::string_view text, base::wall_time now) { return tokens_->recognise(text, now); },
        settings_.http.rate_limit, base::system_clock(), http::make_request_metrics(figures_.registry()));
    server_ = std::make_unique<http::server>(loop_, *dispatcher_, settings_.http);
    auto started = server_->start();
    if (!started)
        co_return started.error();
    for (const auto& address : server_->addresses())
        base::log::info("app", "serving the API", {{"address", address}});
    not_ready_ = nullptr;
    co_return ok();
}

controller::controller(config::settings wanted)
    : parts_(std::make_unique<parts>(std::move(wanted))) {}

controller::~controller() = default;

result<void> controller::run() {
    return parts_->run();
}

} // namespace ferrule::app
