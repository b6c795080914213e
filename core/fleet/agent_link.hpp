// An agent's connection to its controllers, for as long as the agent runs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/fleet_settings.hpp"
#include "fleet/agent_identity.hpp"
#include "fleet/link.hpp"
#include "fleet/protocol/agent_side.hpp"
#include "fleet/protocol/reconnect.hpp"
#include "fleet/spool.hpp"
#include "net/resolver.hpp"
#include "net/web_socket.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/event.hpp"
#include "runtime/gate.hpp"
#include "runtime/io.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

/// What the link is made over; all references must outlive it.
struct agent_link_parts {
    runtime::io& loop;
    net::resolver& names;
    spool& kept;
    const base::clock& clock;
    identity_file identity;
    config::agent_settings settings;
    std::string version;
    /// The body of a heartbeat; called on the link's strand, must not block for long.
    std::function<std::string()> metrics;
    /// An even number in [0, 1).
    std::function<double()> chance;
    /// How long a controller may take to accept what was said last.
    base::duration last_words = std::chrono::seconds(5);
};

/// Joins the fleet if need be, connects to one controller after the other, renews the certificate, sends heartbeats and
/// what is kept. Whatever fails is tried again for ever. Handlers before start(); send and deliver from any thread;
/// stop() must have ended before it goes.
class agent_link final : public controller_link, public protocol::agent_actions {
  public:
    explicit agent_link(agent_link_parts with);
    ~agent_link() override;

    void start();
    /// Says goodbye and ends.
    asio::awaitable<void> stop(base::duration grace);

    void on_message(std::string kind, message_handler take) override;
    void on_connected(std::function<void(const std::string& controller)> hear) override;
    void on_disconnected(std::function<void()> hear) override;
    void offer(std::string feature) override;
    bool send(std::string_view kind, std::string body) override;
    [[nodiscard]] bool has_feature(std::string_view feature) const override;
    void deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) override;
    void on_lost(std::function<void()> hear) override;

  private:
    void send(std::string text) override;
    void ping() override;
    void welcomed(const protocol::welcome& by) override;
    void beat_due() override;

    void acknowledged(std::uint64_t seq) override { parts_.kept.acknowledged(seq); }

    void rejected(std::uint64_t seq, const std::string& kind) override { parts_.kept.rejected(seq, kind); }

    void renewed(const protocol::grant& what) override;
    void not_renewed(const protocol::farewell& why) override;
    bool message(const std::string& kind, const base::json& body) override;
    void end(const protocol::farewell& why) override;

    asio::awaitable<void> run(runtime::gate::pass pass);
    asio::awaitable<void> rest(base::duration limit);
    bool find_identity();
    asio::awaitable<result<void>> join(std::string controller);
    asio::awaitable<protocol::reconnect::step> serve(std::string controller);
    asio::awaitable<void> converse(std::shared_ptr<net::web_socket> over);
    void hang_up(bool had_greeted);
    asio::awaitable<void> keep_ticking(std::shared_ptr<net::web_socket> over);
    asio::awaitable<void> empty_spool(std::shared_ptr<net::web_socket> over);
    void renew_if_due();
    void complain(const std::string& controller, const error& why);
    [[nodiscard]] protocol::hello greeting() const;

    agent_link_parts parts_;
    runtime::strand on_;
    runtime::event stopping_;
    runtime::event news_;
    asio::steady_timer ticking_;
    runtime::gate gate_;
    asio::cancellation_signal cancel_;
    protocol::reconnect plan_;
    std::optional<agent_identity> identity_;
    bool identity_unreadable_ = false; ///< Which is said once.
    std::optional<base::secret> renewal_key_;
    base::wall_time renew_again_at_{};
    bool token_spent_ = false;
    std::map<std::string, std::string> complaints_; ///< The last one of each controller, until one has greeted.
    std::string lost_because_;
    const std::string boot_id_;
    std::vector<std::string> features_;
    std::map<std::string, message_handler, std::less<>> messages_;
    std::vector<std::function<void(const std::string&)>> hear_connected_;
    std::vector<std::function<void()>> hear_disconnected_;
    std::optional<protocol::agent_side> side_; ///< Of the connection that stands.
    std::shared_ptr<net::web_socket> over_;
    std::optional<protocol::farewell> ended_because_;
    base::steady_time ended_at_{};
    bool reconnect_at_once_ = false;
    mutable std::mutex mutex_;                 ///< For what other threads see:
    std::shared_ptr<net::web_socket> greeted_; ///< Null until the controller has greeted.
    std::vector<std::string> offered_;         ///< By the controller.
};

} // namespace ferrule::fleet
