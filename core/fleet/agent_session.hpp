// One agent's connection at the controller.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "fleet/doorstep.hpp"
#include "fleet/protocol/controller_side.hpp"
#include "net/web_socket.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

class agent_session;
using session_ptr = std::shared_ptr<agent_session>;

/// Whom a session asks; thread-safe.
class session_owner {
  public:
    virtual ~session_owner() = default;

    virtual const protocol::controller_side::settings& greeting() const = 0;
    /// Makes it the agent's connection; or says why not.
    virtual std::optional<protocol::farewell> greeted(const session_ptr& by, const protocol::hello& from) = 0;
    /// After the welcome has been sent.
    virtual void connected(const session_ptr& by) = 0;
    virtual asio::awaitable<result<protocol::grant>> enrol(protocol::enrolment wanted) = 0;
    virtual asio::awaitable<result<protocol::grant>> renew(std::string name, std::string request) = 0;
    virtual void heartbeat(const std::string& name, const base::json& body) = 0;
    virtual bool message(const std::string& name, const std::string& kind, const base::json& body) = 0;
    virtual bool delivery(const std::string& name, const std::string& kind, const base::json& body,
                          std::function<void()> taken) = 0;
    /// The connection has gone.
    virtual void ended(const session_ptr& by) = 0;
    [[nodiscard]] virtual const base::clock& time() const = 0;
};

/// Ties the protocol to a WebSocket. Lives on the socket's executor; send, tick, end_with and cut_off from any thread.
class agent_session final : public protocol::controller_actions,
                            public visitor,
                            public std::enable_shared_from_this<agent_session> {
  public:
    agent_session(session_owner& owner, std::shared_ptr<net::web_socket> over);

    /// Reads until the connection has gone.
    static asio::awaitable<void> run(session_ptr self);

    bool send_frame(std::string_view kind, std::string_view body);
    void tick();
    void end_with(protocol::farewell why);

    void cut_off() { over_->cut_off(); }

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    [[nodiscard]] const net::certificate_facts& certificate() const noexcept { return facts_; }

    [[nodiscard]] const std::string& address() const noexcept override { return over_->address(); }

    [[nodiscard]] const std::vector<std::string>& features() const noexcept { return features_; }

    [[nodiscard]] const std::string& boot_id() const noexcept { return boot_id_; }

    [[nodiscard]] stage stands() const noexcept override { return stands_.load(std::memory_order_relaxed); }

    /// Whether the agent takes what it is sent: it drops what comes before the welcome.
    [[nodiscard]] bool welcomed() const noexcept { return welcomed_.load(std::memory_order_acquire); }

    /// Whether its owner has told of it; for the owner, in the turn of its name.
    bool announced = false;

    [[nodiscard]] bool said_goodbye() const noexcept { return end_code_ == "goodbye"; }

    [[nodiscard]] bool never_greeted() const noexcept { return end_code_ == "greet_timeout"; }

    [[nodiscard]] std::string end_reason() const { return end_code_.empty() ? lost_because_ : end_reason_; }

    [[nodiscard]] asio::any_io_executor get_executor() { return over_->get_executor(); }

  private:
    void send(std::string text) override;

    void ping() override { over_->ping(); }

    void enrol(protocol::enrolment wanted) override;
    void greeted(protocol::hello from) override;

    void heartbeat(const base::json& body) override { owner_.heartbeat(name_, body); }

    void renew(std::string request) override;
    bool message(const std::string& kind, const base::json& body) override;
    bool delivery(const std::string& kind, const base::json& body, std::uint64_t seq) override;
    void end(std::string code, std::string reason) override;

    static asio::awaitable<void> answer(session_ptr self, asio::awaitable<result<protocol::grant>> granting);

    session_owner& owner_;
    std::shared_ptr<net::web_socket> over_;
    net::certificate_facts facts_;
    std::string name_;
    protocol::controller_side side_;
    std::vector<std::string> features_; ///< Set before the session is shared.
    std::string boot_id_;
    std::string end_code_;
    std::string end_reason_;
    std::string lost_because_;
    base::steady_time ended_at_{};
    bool renewing_ = false;
    std::atomic<stage> stands_ = stage::silent;
    std::atomic<bool> welcomed_ = false;
};

} // namespace ferrule::fleet
