// One agent of the herd: the product's protocol over the product's WebSocket, on a host that is made up.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "fleet/exec/envelope.hpp"
#include "fleet/protocol/agent_side.hpp"
#include "fleet/protocol/outbox.hpp"
#include "fleet/protocol/reconnect.hpp"
#include "net/mutual_tls.hpp"
#include "net/web_socket.hpp"

namespace ferrule::bench {

namespace asio = boost::asio;
namespace exec = fleet::exec;
namespace protocol = fleet::protocol;

class herd;

/// Connects with a certificate of its own, greets, sends heartbeats, takes signed orders, answers them without running
/// anything, keeps the answers until they are acknowledged, and comes back as the product's plan says. Everything on
/// the one thread of the herd.
class simulated_agent final : public protocol::agent_actions {
  public:
    simulated_agent(herd& of, std::string name, net::tls_context context, asio::ip::address from);

    asio::awaitable<void> run();
    void tick(base::steady_time now);

  private:
    asio::awaitable<result<std::shared_ptr<net::web_socket>>> dial();
    asio::awaitable<void> converse();
    void empty_outbox();
    void carry_out(const base::json& message);
    void deliver(std::string_view kind, const std::string& body);

    void send(std::string text) override;

    void ping() override { over_->ping(); }

    void welcomed(const protocol::welcome& by) override;
    void beat_due() override;
    void acknowledged(std::uint64_t seq) override;

    void rejected(std::uint64_t, const std::string&) override {}

    void renewed(const protocol::grant&) override {}

    void not_renewed(const protocol::farewell&) override {}

    bool message(const std::string& kind, const base::json& body) override;
    void end(const protocol::farewell& why) override;

    herd& of_;
    const std::string name_;
    const net::tls_context context_;
    const asio::ip::address from_;
    const exec::verifier check_;
    protocol::reconnect plan_;
    protocol::outbox outbox_;
    std::map<std::uint64_t, std::string> kept_; ///< What the outbox knows by number.
    std::set<std::string> done_;                ///< Tasks that were answered, as the ledger has them.
    std::shared_ptr<net::web_socket> over_;
    std::optional<protocol::agent_side> side_;
    std::optional<protocol::farewell> ended_because_;
    bool greeted_ = false;
};

} // namespace ferrule::bench
