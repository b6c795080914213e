#include "fleet/controller_fleet.hpp"

#include "base/log.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::fleet {

std::vector<store::collection> controller_fleet::collections() {
    std::vector<store::collection> all;
    all.push_back(registry::collection());
    all.push_back(join_tokens::collection());
    return all;
}

controller_fleet::controller_fleet(runtime::io& loop, store::store& records, state::event_bus& bus,
                                   const base::clock& clock, config::fleet_settings wanted,
                                   std::filesystem::path folder, std::string node, std::string version)
    : loop_(loop)
    , records_(records)
    , clock_(clock)
    , settings_(std::move(wanted))
    , folder_(std::move(folder))
    , node_(std::move(node))
    , version_(std::move(version))
    , book_(records, bus, clock)
    , tokens_(records, clock) {}

controller_fleet::~controller_fleet() = default;

asio::awaitable<result<void>> controller_fleet::open() {
    auto known = co_await book_.load();
    if (!known)
        co_return known.error();
    auto tokens = co_await tokens_.load();
    if (!tokens)
        co_return tokens.error();
    if (settings_.listen.empty())
        co_return ok();
    auto opened = pki::authority::open(folder_);
    if (!opened)
        co_return opened.error();
    ca_.emplace(std::move(*opened));
    enroller_.emplace(*ca_, tokens_, book_, records_, clock_, settings_.certificate_lifetime);
    enroller_->reserve_name(node_);
    if (const auto same = book_.find(node_); same && same->state != model::agent_state::revoked)
        base::log::warn("fleet",
                        "an agent has the name of this controller's node, so their results and jobs cannot be told "
                        "apart: give the controller another name (node), or revoke the agent",
                        {{"name", node_}});
    hub_.emplace(loop_, *ca_, *enroller_, book_, clock_, settings_, node_, version_);
    co_return ok();
}

result<void> controller_fleet::start() {
    return hub_ ? hub_->start() : ok();
}

asio::awaitable<void> controller_fleet::stop(base::duration grace) {
    if (hub_)
        co_await hub_->stop(grace);
    co_await book_.save();
}

asio::awaitable<result<join_tokens::made>> controller_fleet::make_token(join_token wanted, base::duration lifetime) {
    if (!ca_)
        co_return error("no_fleet", "this controller takes no agents: set fleet.listen, run `ferrule ca init` and "
                                    "restart it");
    if (wanted.name == node_)
        co_return error("invalid_request",
                        "name: \"" + node_ + "\" is the name of the controller's own node; agents need others");
    co_return co_await tokens_.make(std::move(wanted), lifetime, ca_->facts().fingerprint);
}

asio::awaitable<result<void>> controller_fleet::revoke(std::string name, bool unknown) {
    if (unknown && !model::is_name(name))
        co_return error("invalid_request", "an agent's name is 1 to 128 letters, digits and any of . _ -");
    auto revoked = co_await book_.revoke(name, unknown);
    const protocol::farewell why{"certificate_revoked", "the agent was revoked", {}};
    if (hub_)
        hub_->disconnect(name, why);
    if (revoked) {
        base::log::warn("fleet", "an agent is revoked", {{"agent", name}});
        if (revoked_)
            revoked_(name);
    }
    co_return revoked;
}

} // namespace ferrule::fleet
