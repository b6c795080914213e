#include "app/agent_commands.hpp"

#include "base/log.hpp"
#include "fleet/agent_identity.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fstream>
#include <utility>

namespace ferrule::app {

using namespace fleet::exec;

agent_commands::agent_commands(const config::settings& from, plugins::registry& plugins, runtime::io& loop,
                               runtime::blocking_pool& pool)
    : settings_(from)
    , plugins_(plugins)
    , loop_(loop)
    , pool_(pool)
    , on_(loop.make_strand()) {}

// Those of the configuration, or else the one that came with the certificate.
result<trusted_keys> agent_commands::keys() const {
    auto texts = settings_.agent.exec.keys;
    if (texts.empty()) {
        std::ifstream pinned(settings_.data_dir / "fleet" / fleet::command_key_file);
        std::string line;
        if (std::getline(pinned, line) && !line.empty())
            texts.push_back(std::move(line));
    }
    return trusted_keys::make(texts);
}

// What the certificate says; the one that the agent asked for until there is one.
std::string agent_commands::name() const {
    return fleet::identity_file(settings_.data_dir / "fleet").name_or(settings_.agent.name);
}

asio::awaitable<result<void>> agent_commands::open(fleet::controller_link& link) {
    const auto& exec = settings_.agent.exec;
    auto rules = policy::make(exec, settings_.file.string());
    if (!rules)
        co_return rules.error();
    auto trusted = keys();
    if (!trusted)
        co_return trusted.error();
    auto database = settings_.store;
    database.path = settings_.data_dir / "commands.db";
    database.durability = config::durability::full; // see ledger
    auto opened = co_await store::open(plugins_, loop_, pool_, database, ledger::collections());
    if (!opened)
        co_return opened.error();
    ledger_ = std::move(*opened);
    verifier::rules wanted;
    wanted.self = name();
    wanted.skew = exec.clock_skew;
    wanted.max_lifetime = exec.max_lifetime;
    agent_parts parts{on_,
                      link,
                      *ledger_,
                      pool_,
                      std::move(*rules),
                      verifier(std::move(*trusted), std::move(wanted)),
                      exec,
                      base::system_clock()};
    service_ = std::make_shared<command_agent>(std::move(parts));
    service_->listen();
    link.on_connected([this](const std::string&) { // it may have joined a moment ago
        if (auto now = keys())
            service_->recognise(name(), std::move(*now));
    });
    auto starting = service_->start();
    auto outcome = co_await asio::co_spawn(on_, std::move(starting), asio::use_awaitable);
    if (outcome && exec.enabled)
        base::log::info("app", "commands may run on this host",
                        {{"programs", std::to_string(exec.allow.size())}, {"shell", exec.shell ? "yes" : "no"}});
    co_return outcome;
}

asio::awaitable<void> agent_commands::stop(base::duration grace) {
    if (service_) {
        auto stopping = service_->stop(grace);
        co_await asio::co_spawn(on_, std::move(stopping), asio::use_awaitable);
    }
    if (ledger_)
        co_await ledger_->stop();
}

} // namespace ferrule::app
