// A job engine with everything around it, composed as the controller composes it, over a folder that outlives it.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "config/settings.hpp"
#include "devices/agent_jobs.hpp"
#include "devices/inventory.hpp"
#include "devices/job_engine.hpp"
#include "devices/job_records.hpp"
#include "devices/login_tester.hpp"
#include "devices/node_parts.hpp"
#include "devices/secret_book.hpp"
#include "devices/tokens.hpp"
#include "devices/vault.hpp"
#include "net/http_client.hpp"
#include "net/libraries.hpp"
#include "net/resolver.hpp"
#include "plugins/registry.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "state/metrics.hpp"
#include "store/open.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace test {

namespace asio = boost::asio;
namespace model = ferrule::model;
namespace devices = ferrule::devices;
using namespace std::chrono_literals;

/// Fails by exception, so that programs without a test runner can use it too.
class engine_rig {
  public:
    struct wishes {
        std::filesystem::path data;
        unsigned threads = 4;
        std::function<void(ferrule::config::jobs_settings&)> jobs{};
        /// Instead of the sqlite plugin.
        std::unique_ptr<ferrule::store::backend> backend{};
        /// Agents, if there are any.
        devices::agent_sender* agents = nullptr;
        /// Those that ran jobs before, and may be back soon.
        std::vector<std::string> expected{};
        /// Name of a scheduler, whose plugin is a test's fixture or one of the product.
        std::string scheduler = "first_fit";
    };

    explicit engine_rig(wishes wanted)
        : data_(std::move(wanted.data))
        , loop_(wanted.threads)
        , names_(loop_)
        , http_(loop_)
        , plugins_((ferrule::net::init_libraries(),
                    ferrule::plugins::surroundings{loop_, pool_, names_, http_, &secrets_, nullptr}),
                   plugin_settings(data_))
        , table_(bus_, figures_, 20'000)
        , vault_(devices::vault::open(data_ / "secret.key").value())
        , link_(wanted.agents)
        , expected_(std::move(wanted.expected))
        , scheduler_name_(std::move(wanted.scheduler)) {
        if (wanted.jobs)
            wanted.jobs(limits_);
        loop_.start();
        wait(start(std::move(wanted.backend))).value();
    }

    engine_rig(const engine_rig&) = delete;
    engine_rig& operator=(const engine_rig&) = delete;

    ~engine_rig() {
        stop(30s);
        loop_.stop();
        loop_.join();
        pool_.stop();
    }

    /// In the order of the controller.
    void stop(ferrule::base::duration grace) {
        if (std::exchange(stopped_, true))
            return;
        wait(end(grace));
    }

    /// Runs a coroutine to its end on a strand of its own; nobody waits for ever.
    template <class T>
    T wait(asio::awaitable<T> what) {
        return get(asio::co_spawn(loop_.make_strand(), std::move(what), asio::use_future));
    }

    template <class T>
    static T get(std::future<T> outcome) {
        if (outcome.wait_for(100s) != std::future_status::ready)
            throw std::runtime_error("it hangs");
        return outcome.get();
    }

    void add_device(const std::string& name, const std::string& driver, const ferrule::base::json& options = {},
                    const std::string& credential = {}) {
        model::device made;
        made.name = name;
        made.at.driver = driver;
        made.at.host = name + ".test";
        made.at.credential = credential;
        made.at.options = options.is_null() ? std::string() : ferrule::base::dump(options);
        wait(inventory().put(std::move(made))).value();
    }

    void add_credential(const std::string& name, const std::string& password) {
        model::credential made;
        made.name = name;
        made.username = "someone";
        made.password = ferrule::base::secret(password);
        wait(inventory().put(std::move(made))).value();
    }

    static model::job_request asking(const std::string& device, const std::vector<std::string>& commands) {
        model::job_request wanted;
        wanted.device = device;
        for (const auto& text : commands)
            wanted.commands.emplace_back().text = text;
        return wanted;
    }

    ferrule::result<devices::accepted> try_submit(model::job_request wanted, const std::string& key = {}) {
        devices::submission by;
        by.owner = "tester";
        by.idempotency_key = key;
        return wait(engine().submit(std::move(wanted), std::move(by)));
    }

    std::string submit(model::job_request wanted) { return try_submit(std::move(wanted)).value().job->id; }

    std::string submit(const std::string& device, const std::vector<std::string>& commands) {
        return submit(asking(device, commands));
    }

    devices::job_ptr finished(const std::string& id) {
        auto last = wait(engine().wait(id, 90s)).value();
        if (!model::is_final(last->state))
            throw std::runtime_error("the job does not end");
        return last;
    }

    devices::job_ptr run(model::job_request wanted) { return finished(submit(std::move(wanted))); }

    devices::job_ptr run(const std::string& device, const std::vector<std::string>& commands) {
        return run(asking(device, commands));
    }

    void running(const std::string& id) {
        wait(until([this, id] { return state_of(id) != model::job_state::queued; }));
    }

    /// Until the job has printed something.
    void printing(const std::string& id) {
        wait(until([this, id] {
            const auto shown = now(id);
            return model::is_final(shown->state) || (!shown->results.empty() && !shown->results[0].output.empty());
        }));
    }

    /// Until something that events announce has happened.
    asio::awaitable<void> until(std::function<bool()> happened) {
        const auto on = co_await asio::this_coro::executor;
        const ferrule::state::event_bus::filter all = [](const ferrule::state::event&) { return true; };
        const auto events = bus_.subscribe(on, all);
        while (!happened()) {
            const auto deadline = ferrule::base::system_clock().steady_now() + 90s;
            const auto came = co_await events->next(deadline);
            if (came.empty())
                throw std::runtime_error("what was waited for does not happen");
        }
    }

    /// As it is now, with its output so far.
    devices::job_ptr now(const std::string& id) { return table_.view(std::string_view(id)); }

    model::job_state state_of(const std::string& id) { return now(id)->state; }

    devices::job_engine& engine() { return *engine_; }

    devices::agent_jobs& agents() { return *agents_; }

    devices::inventory& inventory() { return *inventory_; }

    devices::login_tester& tester() { return *tester_; }

    std::shared_ptr<ferrule::plugins::scheduler> scheduler() { return scheduler_; }

    devices::job_records& records() { return *records_; }

    devices::node_parts& node() { return *node_; }

    devices::job_table& table() { return table_; }

    ferrule::state::event_bus& bus() { return bus_; }

    ferrule::state::metrics& figures() { return figures_; }

    ferrule::runtime::io& loop() { return loop_; }

    ferrule::store::store& store() { return *store_; }

    /// For the next start.
    [[nodiscard]] const std::filesystem::path& data() const { return data_; }

    /// The plugins that tests need, in a folder under `data`.
    static ferrule::plugins::settings plugin_settings(const std::filesystem::path& data) {
        const auto folder = data / "plugins";
        std::filesystem::create_directories(folder);
        for (const std::filesystem::path from :
             {FERRULE_FIXTURES "/echo.so", FERRULE_FIXTURES "/noop.so", FERRULE_FIXTURES "/first_fit.so",
              FERRULE_LEDGER, FERRULE_SQLITE_PLUGIN})
            std::filesystem::copy_file(from, folder / from.filename(), std::filesystem::copy_options::skip_existing);
        ferrule::plugins::settings wanted;
        wanted.folders = {folder, FERRULE_SCHEDULERS};
        wanted.run_folder = data / "run";
        wanted.cancel_grace = 2s;
        return wanted;
    }

  private:
    asio::awaitable<ferrule::result<void>> start(std::unique_ptr<ferrule::store::backend> backend) {
        auto collections = devices::job_records::collections();
        for (auto& each : devices::part_store::collections())
            collections.push_back(std::move(each));
        for (auto& each : devices::inventory::collections())
            collections.push_back(std::move(each));
        for (auto& each : devices::tokens::collections())
            collections.push_back(std::move(each));
        if (backend) {
            store_ = std::make_unique<ferrule::store::open_store>(std::move(backend), loop_, pool_);
        } else {
            ferrule::config::store_settings wanted;
            wanted.plugin = "sqlite";
            wanted.path = data_ / "ferrule.db";
            auto opened = co_await ferrule::store::open(plugins_, loop_, pool_, wanted, std::move(collections));
            if (!opened)
                co_return opened.error();
            store_ = std::move(*opened);
        }
        inventory_.emplace(*store_, vault_);
        std::vector<model::device> no_devices;
        std::vector<model::credential> no_credentials;
        auto loaded = co_await inventory_->load(std::move(no_devices), std::move(no_credentials));
        if (!loaded)
            co_return loaded.error();
        auto chooser = co_await plugins_.scheduler(scheduler_name_);
        if (!chooser)
            co_return chooser.error();
        scheduler_ = *chooser;
        records_.emplace(*store_, vault_, 24h, 24h);
        const devices::platform_source platforms =
            [](const std::string& name) -> ferrule::result<std::shared_ptr<const std::string>> {
            return ferrule::error("platform_not_found", "there is no platform " + name);
        };
        node_.reset(new devices::node_parts{"here", loop_, plugins_, ferrule::base::system_clock(), limits_, table_,
                                            secrets_, bus_, figures_, platforms});
        engine_ = std::make_unique<devices::job_engine>(*node_, *inventory_, *records_, std::move(*chooser), link_);
        if (link_ != nullptr)
            agents_ = std::make_unique<devices::agent_jobs>(*engine_, *link_, loop_, *store_);
        for (const auto& each : expected_)
            agents_->known(each, {}, {});
        tester_ = std::make_unique<devices::login_tester>(*node_, *inventory_);
        co_return co_await engine_->start();
    }

    asio::awaitable<void> end(ferrule::base::duration grace) {
        bus_.close();
        if (agents_)
            co_await agents_->stop(grace);
        if (engine_) {
            co_await engine_->stop(grace);
            co_await tester_->stop(grace);
        }
        if (store_)
            co_await store_->stop();
        co_await plugins_.stop(grace);
    }

    const std::filesystem::path data_;
    ferrule::runtime::io loop_;
    ferrule::runtime::blocking_pool pool_;
    ferrule::net::resolver names_;
    ferrule::net::http_client http_;
    ferrule::config::jobs_settings limits_;
    ferrule::state::metrics figures_;
    ferrule::state::event_bus bus_;
    devices::secret_book secrets_;
    ferrule::plugins::registry plugins_;
    devices::job_table table_;
    devices::vault vault_;
    std::unique_ptr<ferrule::store::open_store> store_;
    std::optional<devices::inventory> inventory_;
    std::optional<devices::job_records> records_;
    std::unique_ptr<devices::node_parts> node_;
    devices::agent_sender* const link_;
    const std::vector<std::string> expected_;
    const std::string scheduler_name_;
    std::unique_ptr<devices::job_engine> engine_;
    std::unique_ptr<devices::agent_jobs> agents_;
    std::unique_ptr<devices::login_tester> tester_;
    std::shared_ptr<ferrule::plugins::scheduler> scheduler_;
    bool stopped_ = false;
};

} // namespace test
