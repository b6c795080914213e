// All that a controller needs for its agents.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/fleet_settings.hpp"
#include "fleet/agents_hub.hpp"
#include "fleet/enroller.hpp"
#include "fleet/join_tokens.hpp"
#include "fleet/pki/authority.hpp"
#include "fleet/registry.hpp"

namespace ferrule::fleet {

/// The authority, the book of agents, the join tokens and the link, in their order. Without `fleet.listen` there are no
/// agents: everything answers, nothing listens. References must outlive it; open(), then services add their handlers to
/// link(), then start().
class controller_fleet {
  public:
    static std::vector<store::collection> collections();

    controller_fleet(runtime::io& loop, store::store& records, state::event_bus& bus, const base::clock& clock,
                     config::fleet_settings wanted, std::filesystem::path folder, std::string node,
                     std::string version);
    ~controller_fleet();

    /// Reads what is stored and the authority, which must be there if agents are to come.
    asio::awaitable<result<void>> open();
    result<void> start();
    asio::awaitable<void> stop(base::duration grace);

    /// Null without `fleet.listen`.
    [[nodiscard]] agents_hub* link() noexcept { return hub_ ? &*hub_ : nullptr; }

    [[nodiscard]] registry& agents() noexcept { return book_; }

    [[nodiscard]] join_tokens& tokens() noexcept { return tokens_; }

    /// After open(): the public key of this controller's commands, which agents get when they join.
    void tell_command_key(std::string text) {
        if (enroller_)
            enroller_->tell_command_key(std::move(text));
    }

    /// Fails with `no_fleet` when this controller takes no agents.
    asio::awaitable<result<join_tokens::made>> make_token(join_token wanted, base::duration lifetime);
    /// Ends its certificates and its connection, here; each controller of an authority has to be told. Fails with
    /// `agent_not_found`, or, with `unknown`, with `invalid_request` if it cannot be one.
    asio::awaitable<result<void>> revoke(std::string name, bool unknown = false);

    /// Hears of each agent that is revoked, once that is stored. Before start().
    void on_revoked(std::function<void(const std::string& name)> hear) { revoked_ = std::move(hear); }

  private:
    runtime::io& loop_;
    store::store& records_;
    const base::clock& clock_;
    const config::fleet_settings settings_;
    const std::filesystem::path folder_;
    const std::string node_;
    const std::string version_;
    registry book_;
    join_tokens tokens_;
    std::function<void(const std::string&)> revoked_;
    std::optional<pki::authority> ca_;
    std::optional<enroller> enroller_;
    std::optional<agents_hub> hub_;
};

} // namespace ferrule::fleet
