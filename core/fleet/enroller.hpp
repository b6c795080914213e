// Turns join tokens into certificates.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fleet/join_tokens.hpp"
#include "fleet/pki/authority.hpp"
#include "fleet/protocol/greeting.hpp"
#include "fleet/registry.hpp"

namespace ferrule::fleet {

/// Admits agents and renews their certificates; the token's use and the agent's record are one transaction.
/// Thread-safe.
class enroller {
  public:
    enroller(const pki::authority& from, join_tokens& tokens, registry& book, store::store& records,
             const base::clock& clock, base::duration lifetime);

    /// Fails with the codes of join_tokens::claim, `invalid_csr`, `invalid_name` or `agent_name_taken`. A token that
    /// admitted this very key before answers again, in case the first answer was lost: until that agent has connected
    /// or is revoked.
    asio::awaitable<result<protocol::grant>> enrol(protocol::enrolment wanted);
    /// A further certificate for an agent that has shown one.
    asio::awaitable<result<protocol::grant>> renew(std::string name, std::string request);

    /// The key of the controller's commands, which agents are told when they join.
    void tell_command_key(std::string text) { command_key_ = std::move(text); }

    /// No agent is admitted with the name of the controller's own node: results and jobs go by names.
    void reserve_name(std::string node) { reserved_ = std::move(node); }

    /// Hears of each admission; earlier connections of that name end.
    void on_admitted(std::function<void(const std::string& name)> hear) { admitted_ = std::move(hear); }

  private:
    asio::awaitable<result<protocol::grant>> admit(join_token token, std::string name, protocol::enrolment wanted,
                                                   std::string requester);
    result<std::string> take_name(const join_token& token, const std::string& wanted);
    void give_back_name(const std::string& name);

    const pki::authority& authority_;
    join_tokens& tokens_;
    registry& book_;
    store::store& records_;
    const base::clock& clock_;
    const base::duration lifetime_;
    std::string command_key_;
    std::string reserved_;
    std::function<void(const std::string&)> admitted_;
    std::mutex mutex_;
    std::set<std::string> being_admitted_;
};

} // namespace ferrule::fleet
