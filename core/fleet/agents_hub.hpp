// All agents' connections at a controller.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "config/fleet_settings.hpp"
#include "fleet/agent_session.hpp"
#include "fleet/doorstep.hpp"
#include "fleet/enroller.hpp"
#include "fleet/link.hpp"
#include "fleet/refusal_log.hpp"
#include "fleet/registry.hpp"
#include "net/web_socket_listener.hpp"
#include "runtime/gate.hpp"
#include "runtime/io.hpp"

namespace ferrule::fleet {

/// Listens, keeps one connection a name, watches over them all with one timer. Handlers before start(); everything
/// else from any thread. stop() must have ended before it goes.
class agents_hub final : public agents_link, public session_owner {
  public:
    agents_hub(runtime::io& loop, const pki::authority& ca, enroller& admits, registry& book, const base::clock& clock,
               config::fleet_settings wanted, std::string name, std::string version);
    ~agents_hub() override;

    result<void> start();
    /// Tells all agents to come back, spread over a while.
    asio::awaitable<void> stop(base::duration grace);
    [[nodiscard]] std::vector<std::string> addresses() const;
    /// Ends the agent's connection, if there is one, for this reason.
    void disconnect(const std::string& agent, const protocol::farewell& why);
    [[nodiscard]] std::size_t connections() const;

    void on_message(std::string kind, message_handler take) override;
    void on_delivery(std::string kind, delivery_handler take) override;
    void on_connected(std::function<void(const std::string& agent)> hear) override;
    void on_disconnected(std::function<void(const std::string& agent)> hear) override;

    /// A heartbeat has come. Before start(), as the next.
    void on_heartbeat(std::function<void()> hear) { hear_heartbeat_ = std::move(hear); }

    /// A connection came to nothing before it was one: for its certificate, or otherwise.
    void on_refused(std::function<void(bool for_certificate)> hear) { hear_refused_ = std::move(hear); }

    void offer(std::string feature) override;
    bool send(const std::string& agent, std::string_view kind, std::string body) override;
    [[nodiscard]] bool is_connected(const std::string& agent) const override;
    [[nodiscard]] bool has_feature(const std::string& agent, std::string_view feature) const override;

  private:
    const protocol::controller_side::settings& greeting() const override { return greeting_; }

    std::optional<protocol::farewell> greeted(const session_ptr& by, const protocol::hello& from) override;
    void connected(const session_ptr& by) override;
    asio::awaitable<result<protocol::grant>> enrol(protocol::enrolment wanted) override;
    asio::awaitable<result<protocol::grant>> renew(std::string name, std::string request) override;
    void heartbeat(const std::string& name, const base::json& body) override;
    bool message(const std::string& name, const std::string& kind, const base::json& body) override;
    bool delivery(const std::string& name, const std::string& kind, const base::json& body,
                  std::function<void()> taken) override;
    void ended(const session_ptr& by) override;

    [[nodiscard]] const base::clock& time() const override { return clock_; }

    result<void> make_identity();
    void opened(std::shared_ptr<net::web_socket> socket);
    void refused(const std::string& address, const error& why, const std::optional<net::tls_stream::refusal>& whose);
    void sweep();
    asio::awaitable<void> sweeping(std::shared_ptr<asio::steady_timer> timer, runtime::gate::pass pass);
    void turned_away(const agent_session& who, const std::string& why);
    void log_repeated();
    std::mutex& turn_of(const std::string& agent);
    [[nodiscard]] session_ptr find(const std::string& agent) const;
    [[nodiscard]] session_ptr find_welcomed(const std::string& agent) const;
    [[nodiscard]] std::vector<session_ptr> all() const;

    runtime::io& loop_;
    const pki::authority& ca_;
    enroller& admits_;
    registry& book_;
    const base::clock& clock_;
    const config::fleet_settings settings_;
    const std::string name_;
    protocol::controller_side::settings greeting_;
    std::map<std::string, message_handler, std::less<>> messages_;
    std::map<std::string, delivery_handler, std::less<>> deliveries_;
    std::vector<std::function<void(const std::string&)>> hear_connected_;
    std::vector<std::function<void(const std::string&)>> hear_disconnected_;
    std::function<void()> hear_heartbeat_;
    std::function<void(bool)> hear_refused_;
    std::unique_ptr<net::web_socket_listener> listener_;
    std::shared_ptr<asio::steady_timer> timer_;
    base::wall_time renew_identity_at_{};
    runtime::gate gate_;
    refusal_log refusals_;
    /// What happens to the connections of one name happens one after the other, also what is told of it: so an end
    /// cannot overtake the beginning of the connection before, whatever threads they are on. Taken before mutex_.
    std::array<std::mutex, 32> turns_;
    mutable std::mutex mutex_; ///< For what follows.
    std::map<std::string, session_ptr> by_name_;
    std::set<session_ptr> every_; ///< Also those that have not greeted.
    doorstep doorstep_;           ///< Of them those.
    bool stopping_ = false;
};

} // namespace ferrule::fleet
