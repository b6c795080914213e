// Both ends of commands in one process, over stores and processes that are real and a link that is not. Either end can
// be torn away at any moment and started anew over what it left on disk.
#pragma once

#include "base/json.hpp"
#include "fleet/exec/command_agent.hpp"
#include "fleet/exec/command_center.hpp"
#include "fleet_exec/link_pair.hpp"
#include "runtime/io.hpp"
#include "store/open_store.hpp"
#include "store/sqlite_backend.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace test {

namespace exec = ferrule::fleet::exec;
namespace model = ferrule::model;
namespace store = ferrule::store;
using namespace std::chrono_literals;

inline std::unique_ptr<store::backend> open_database(const std::filesystem::path& file, const char* durability,
                                                     const std::vector<store::collection>& collections) {
    json wanted{{"path", file.string()}, {"durability", durability}, {"collections", json::array()}};
    for (const auto& each : collections)
        wanted["collections"].push_back({{"name", each.name}, {"attributes", each.attributes}});
    return store::make_backend(std::make_shared<ferrule::tests::loaded_store>(wanted.dump()));
}

class command_rig {
  public:
    struct wishes {
        std::filesystem::path data;
        std::vector<std::string> agents{"web1"};
        manners rude{};
        unsigned seed = 1;
        std::function<void(ferrule::config::exec_settings&)> exec{};
        std::function<void(ferrule::config::commands_settings&)> commands{};
        const ferrule::base::clock* agent_clock = &ferrule::base::system_clock();
    };

    explicit command_rig(wishes wanted)
        : wishes_(std::move(wanted))
        , net_(loop_.context(), wishes_.rude, wishes_.seed)
        , key_(exec::signing_key::open((wishes_.data / "command.key").string()).value()) {
        for (const auto& each : wishes_.agents)
            directory_.add(each, {{"group", each.substr(0, 3)}, {"name", each}});
        loop_.start();
        wait(start_all());
    }

    command_rig(const command_rig&) = delete;
    command_rig& operator=(const command_rig&) = delete;

    ~command_rig() {
        wait(stop_all());
        loop_.stop();
        loop_.join();
        pool_.stop();
    }

    template <class T>
    T wait(asio::awaitable<T> what) {
        auto outcome = asio::co_spawn(loop_.get_executor(), std::move(what), asio::use_future);
        if (outcome.wait_for(110s) != std::future_status::ready)
            throw std::runtime_error("it hangs");
        return outcome.get();
    }

    static model::command_request asking(const std::string& shell, const std::vector<std::string>& agents) {
        model::command_request made;
        made.what.shell = shell;
        made.what.timeout = 30s;
        made.ttl = 10min;
        made.on.agents = agents;
        made.on.all = agents.empty();
        return made;
    }

    ferrule::result<exec::submitted> try_submit(model::command_request wanted, const std::string& key = {}) {
        return wait(center_->submit(std::move(wanted), asker(key)));
    }

    std::string submit(model::command_request wanted) { return try_submit(std::move(wanted)).value().made.id; }

    model::fleet_command finished(const std::string& id) {
        auto made = wait(center_->wait(id, 60s)).value();
        if (!made.finished_at)
            throw std::runtime_error("the command does not end: " + model_text(made));
        return made;
    }

    std::vector<model::command_task> tasks(const std::string& id) {
        exec::task_query wanted;
        wanted.command = id;
        wanted.limit = 1000;
        return wait(center_->tasks(wanted)).value().items;
    }

    /// The only task, ended.
    model::command_task run(model::command_request wanted) {
        const auto id = submit(std::move(wanted));
        finished(id);
        return tasks(id).at(0);
    }

    std::vector<json> audit() { return wait(center_->audit({}, 1000)).value().items; }

    /// What an agent recorded of orders that it refused.
    std::vector<json> refusals(const std::string& agent) {
        store::query all;
        all.collection = "command_refusals";
        std::vector<json> found;
        for (const auto& row : wait(agents_.at(agent).records->scan(all)).value())
            found.push_back(json::parse(row.value));
        return found;
    }

    asio::awaitable<void> crash_agent(std::string name) {
        auto& agent = agents_.at(name);
        net_.detach(name);
        agent.service->abandon();
        agent.service.reset();
        co_await agent.records->stop();
        graveyard_.push_back(std::move(agent.records));
        agents_.erase(name);
    }

    asio::awaitable<void> start_agent(std::string name) {
        auto& agent = agents_[name];
        auto backend = co_await reopen(wishes_.data / (name + ".db"), "full", exec::ledger::collections());
        agent.records = std::make_unique<store::open_store>(std::move(backend), loop_, pool_);
        agent.end = std::make_shared<network::agent_end>(net_, name);
        ferrule::config::exec_settings limits;
        limits.enabled = true;
        limits.shell = true;
        limits.kill_grace = 1s;
        if (wishes_.exec)
            wishes_.exec(limits);
        exec::verifier::rules rules;
        rules.self = name;
        rules.skew = limits.clock_skew;
        rules.max_lifetime = limits.max_lifetime;
        auto keys = trusted_;
        if (keys.empty())
            keys.push_back(key_.shown().text());
        exec::agent_parts parts{loop_.get_executor(),
                                *agent.end,
                                *agent.records,
                                pool_,
                                exec::policy::make(limits, "agent.yaml").value(),
                                exec::verifier(exec::trusted_keys::make(keys).value(), rules),
                                limits,
                                *wishes_.agent_clock};
        agent.service = std::make_shared<exec::command_agent>(std::move(parts));
        agent.service->listen();
        auto started = co_await agent.service->start();
        started.value();
        net_.attach(agent.end);
    }

    asio::awaitable<void> crash_controller() {
        net_.detach_controller();
        center_->stop();
        graves_.push_back(std::move(center_));
        co_await records_->stop();
        graveyard_.push_back(std::move(records_));
    }

    asio::awaitable<void> start_controller() {
        auto backend = co_await reopen(wishes_.data / "controller.db", "normal", exec::command_records::collections());
        records_ = std::make_unique<store::open_store>(std::move(backend), loop_, pool_);
        auto end = std::make_shared<network::controller_end>(net_);
        ends_.push_back(end);
        ferrule::config::commands_settings limits;
        if (wishes_.commands)
            wishes_.commands(limits);
        exec::center_parts parts{loop_.get_executor(),         *end, directory_, *records_, bus_, key_, limits, kept_,
                                 ferrule::base::system_clock()};
        center_ = std::make_shared<exec::command_center>(std::move(parts));
        center_->listen();
        auto started = co_await center_->start();
        started.value();
        net_.attach(end);
    }

    /// Of the next agents that are started, instead of the controller's own.
    void trust(std::vector<std::string> keys) { trusted_ = std::move(keys); }

    asio::any_io_executor executor() { return loop_.get_executor(); }

    network& net() { return net_; }

    store::store& records() { return *records_; }

    exec::command_center& center() { return *center_; }

    const exec::signing_key& key() { return key_; }

    fixed_directory& directory() { return directory_; }

    ferrule::state::event_bus& bus() { return bus_; }

    static exec::asker asker(const std::string& key = {}) {
        exec::asker by;
        by.owner = "t1";
        by.owner_name = "tester";
        by.peer = "192.0.2.1:1000";
        by.idempotency_key = key;
        return by;
    }

    static std::string model_text(const model::fleet_command& shown) {
        std::string text = shown.id;
        for (std::size_t i = 0; i < shown.counts.size(); ++i)
            if (shown.counts[i] != 0)
                text += " " + std::string(model::task_state_texts[i]) + "=" + std::to_string(shown.counts[i]);
        return text;
    }

  private:
    struct agent_side {
        std::unique_ptr<store::open_store> records;
        std::shared_ptr<network::agent_end> end;
        std::shared_ptr<exec::command_agent> service;
    };

    /// A child between fork and exec holds the lock of a file for a moment longer than the end that was torn away.
    asio::awaitable<std::unique_ptr<store::backend>> reopen(std::filesystem::path file, const char* durability,
                                                            std::vector<store::collection> collections) {
        for (int attempt = 0;; ++attempt) {
            try {
                co_return open_database(file, durability, collections);
            } catch (const std::exception&) {
                if (attempt == 200)
                    throw;
            }
            asio::steady_timer pause(loop_.get_executor(), 10ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    }

    asio::awaitable<void> start_all() {
        co_await start_controller();
        for (const auto& each : wishes_.agents)
            co_await start_agent(each);
    }

    asio::awaitable<void> stop_all() {
        for (auto& [name, agent] : agents_) {
            if (agent.service) // a failed test may leave it half started
                co_await agent.service->stop(10s);
            if (agent.records)
                co_await agent.records->stop();
        }
        if (center_) {
            co_await crash_controller();
        }
    }

    const wishes wishes_;
    ferrule::runtime::io loop_;
    ferrule::runtime::blocking_pool pool_;
    network net_;
    fixed_directory directory_;
    ferrule::state::event_bus bus_;
    exec::signing_key key_;
    std::vector<std::string> trusted_;
    ferrule::config::retention_settings kept_;
    // Before the services, which refer to them until the loop has ended.
    std::vector<std::unique_ptr<store::open_store>> graveyard_;
    std::vector<std::shared_ptr<network::controller_end>> ends_;
    std::unique_ptr<store::open_store> records_;
    std::map<std::string, agent_side> agents_;
    std::vector<std::shared_ptr<exec::command_center>> graves_;
    std::shared_ptr<exec::command_center> center_;
};

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::vector<std::string> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

} // namespace test
