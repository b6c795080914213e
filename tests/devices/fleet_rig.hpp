// A controller and agents in one process, joined by the double of the link.
#pragma once

#include "devices/engine_rig.hpp"
#include "devices/link_double.hpp"
#include "support/scratch_folder.hpp"

namespace test {

/// What an agent's process consists of.
class agent_process {
  public:
    agent_process(std::filesystem::path data, std::string name, ferrule::runtime::io& loop,
                  devices::controller_sender& link, const ferrule::config::jobs_settings& limits,
                  const devices::executor_limits& ends)
        : loop_(loop)
        , names_(loop)
        , http_(loop)
        , plugins_(ferrule::plugins::surroundings{loop, pool_, names_, http_, &secrets_, nullptr},
                   engine_rig::plugin_settings(std::move(data)))
        , table_(bus_, figures_, 0)
        , parts_{std::move(name), loop, plugins_, ferrule::base::system_clock(), limits, table_, secrets_, bus_,
                 figures_,        {}}
        , executor_(
              parts_, link,
              [] {
                  return std::vector<std::string>{"echo", "ledger", "noop", "elsewhere"};
              },
              ends) {
        executor_.start();
    }

    ~agent_process() {
        stop();
        pool_.stop();
    }

    agent_process(const agent_process&) = delete;
    agent_process& operator=(const agent_process&) = delete;

    devices::job_executor& executor() { return executor_; }

    /// What runs is cut off at once.
    void stop() {
        if (std::exchange(stopped_, true))
            return;
        engine_rig::get(asio::co_spawn(loop_.make_strand(), end(), asio::use_future));
    }

  private:
    asio::awaitable<void> end() {
        co_await executor_.stop(1ms);
        bus_.close();
        co_await plugins_.stop(10s);
    }

    ferrule::runtime::io& loop_;
    ferrule::runtime::blocking_pool pool_;
    ferrule::net::resolver names_;
    ferrule::net::http_client http_;
    ferrule::state::metrics figures_;
    ferrule::state::event_bus bus_;
    devices::secret_book secrets_;
    ferrule::plugins::registry plugins_;
    devices::job_table table_;
    devices::node_parts parts_;
    devices::job_executor executor_;
    bool stopped_ = false;
};

class fleet_rig {
  public:
    struct agent {
        std::string region;
        model::labels tags;
        ferrule::config::jobs_settings limits;
        devices::executor_limits ends{std::size_t{16} << 20U, 20'000, 1ms};
        agent_end* link = nullptr;
        std::unique_ptr<agent_process> process;
    };

    explicit fleet_rig(bool local = false, std::string scheduler = "first_fit")
        : agents_loop_(4)
        , local_(local)
        , scheduler_(std::move(scheduler)) {
        agents_loop_.start();
        start();
    }

    ~fleet_rig() {
        for (auto& [name, each] : agents_) {
            each.link->disconnect();
            each.link->drain();
        }
        link_.attach(nullptr);
        controller_.reset();
        for (auto& [name, each] : agents_) {
            if (each.process)
                each.process->stop();
            each.link->drain();
        }
        for (auto& [name, each] : agents_)
            each.process.reset();
        agents_loop_.stop();
        agents_loop_.join();
    }

    fleet_rig(const fleet_rig&) = delete;
    fleet_rig& operator=(const fleet_rig&) = delete;

    void start(std::vector<std::string> expected = {}) {
        engine_rig::wishes wanted;
        wanted.expected = std::move(expected);
        wanted.data = scratch_.path();
        wanted.agents = &link_;
        wanted.scheduler = scheduler_;
        wanted.jobs = [this](ferrule::config::jobs_settings& jobs) {
            jobs.local.enabled = local_;
            jobs.node_timeout = node_timeout_;
        };
        controller_.emplace(std::move(wanted));
        link_.attach(&controller_->agents());
    }

    /// The controller's process ends, and another one starts over the same store.
    void restart_controller(std::vector<std::string> expected = {}) {
        for (auto& [name, each] : agents_) {
            each.link->disconnect();
            each.link->drain();
        }
        link_.attach(nullptr);
        controller_->stop(1ms);
        controller_.reset();
        start(std::move(expected));
    }

    /// How long jobs wait for agents after the next start of the controller.
    void wait_for_agents(ferrule::base::duration limit) { node_timeout_ = limit; }

    /// So many bytes fit into the spools of agents that are added from now on.
    void limit_spools(std::uint64_t bytes) { room_.bytes = bytes; }

    agent& add_agent(const std::string& name, std::uint32_t sessions = 1000, std::string region = {},
                     model::labels tags = {}) {
        auto& made = agents_[name];
        made.region = std::move(region);
        made.tags = std::move(tags);
        made.limits.max_sessions = sessions;
        made.link = &link_.add(name, agents_loop_, room_);
        boot(name);
        connect(name);
        return made;
    }

    void boot(const std::string& name) {
        auto& one = agents_.at(name);
        one.link->mute(false);
        one.process = std::make_unique<agent_process>(scratch_.path() / name, name, agents_loop_, *one.link, one.limits,
                                                      one.ends);
    }

    /// Until the controller knows of it.
    void connect(const std::string& name) {
        auto& one = agents_.at(name);
        controller().agents().known(name, one.region, one.tags);
        one.link->connect(one.process->executor());
        settle([this, name] { return node(name).online; });
    }

    void disconnect(const std::string& name) {
        agents_.at(name).link->disconnect();
        settle([this, name] { return !node(name).online; });
    }

    /// Another process takes its place, with other limits.
    void reboot(const std::string& name, const devices::executor_limits& ends) {
        kill(name);
        at(name).ends = ends;
        boot(name);
        connect(name);
    }

    /// Its process ends with all that runs in it, and says nothing of it.
    void kill(const std::string& name) {
        auto& one = agents_.at(name);
        one.link->mute(true);
        disconnect(name);
        one.process->stop();
        one.link->drain();
        one.process.reset();
    }

    void offline(const std::string& name) { controller().agents().offline(name); }

    /// Until something that the controller's events announce has happened.
    void settle(std::function<bool()> reached) { controller().wait(controller().until(std::move(reached))); }

    [[nodiscard]] model::node_info node(const std::string& name) {
        for (auto& each : controller().engine().nodes())
            if (each.name == name)
                return std::move(each);
        return {};
    }

    engine_rig& controller() { return *controller_; }

    agent& at(const std::string& name) { return agents_.at(name); }

    link_double& link() { return link_; }

    [[nodiscard]] std::filesystem::path data() const { return scratch_.path(); }

    void add_ledger(const std::string& device, const ferrule::model::node_selector& nodes = {}, int pause_ms = 0) {
        model::device made;
        made.name = device;
        made.at.driver = "ledger";
        made.at.host = device + ".test";
        made.at.options = ferrule::base::dump(
            ferrule::base::json{{"path", (scratch_.path() / device).string()}, {"pause_ms", pause_ms}});
        made.nodes = nodes;
        controller().wait(controller().inventory().put(std::move(made))).value();
    }

  private:
    const scratch_folder scratch_;
    ferrule::runtime::io agents_loop_;
    const bool local_;
    const std::string scheduler_;
    ferrule::base::duration node_timeout_ = 60s;
    link_double link_;
    protocol::outbox::limits room_;
    std::map<std::string, agent> agents_;
    std::optional<engine_rig> controller_;
};

} // namespace test
