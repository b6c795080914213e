// What a controller says on one connection, without sockets and without a clock.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "fleet/protocol/greeting.hpp"
#include "fleet/protocol/liveness.hpp"

namespace ferrule::fleet::protocol {

/// What the state machine wants done; called from within its own calls.
class controller_actions {
  public:
    virtual ~controller_actions() = default;

    virtual void send(std::string text) = 0;
    virtual void ping() = 0;
    /// An agent without a certificate wants one; the answer is given by granted() or refuse().
    virtual void enrol(enrolment wanted) = 0;
    /// A greeting that is in order; answered by accept(), or refuse().
    virtual void greeted(hello from) = 0;
    virtual void heartbeat(const base::json& body) = 0;
    /// A new certificate for the same name is asked for; answered by granted() or not_granted().
    virtual void renew(std::string request) = 0;
    /// False when nobody takes this kind.
    virtual bool message(const std::string& kind, const base::json& body) = 0;
    /// As message; taken(seq) says that it is safe here.
    virtual bool delivery(const std::string& kind, const base::json& body, std::uint64_t seq) = 0;
    /// The end: what was sent goes out, then the connection is closed. Called once.
    virtual void end(std::string code, std::string reason) = 0;
};

/// Greets, keeps the order of acknowledgements, watches for silence; nothing that a peer sends makes it fail otherwise
/// than by end(). One thread at a time.
class controller_side {
  public:
    struct settings {
        std::string program; ///< Version of this program.
        std::vector<std::string> features;
        base::duration greet_limit = std::chrono::seconds(10);
    };

    /// `certified`: the peer has shown a certificate that is in order; without one it may only enrol.
    controller_side(const settings& wanted, controller_actions& actions, bool certified, base::steady_time now);

    void received(std::string_view text, base::steady_time now);

    /// A pong came.
    void alive(base::steady_time now) noexcept { liveness_.heard(now); }

    /// Answers a hello.
    void accept();
    /// Ends with `refused`, or `busy` when `retry_after` is given.
    void refuse(const farewell& why);
    void granted(const grant& what);
    void not_granted(const farewell& why);
    /// What was delivered with this number is safe.
    void taken(std::uint64_t seq);
    /// To be called about once a second.
    void tick(base::steady_time now);
    /// Tells the agent when to come back, then ends.
    void say_goodbye(const farewell& why);

    [[nodiscard]] bool established() const noexcept { return phase_ == phase::established; }

    [[nodiscard]] base::steady_time last_heard() const noexcept { return liveness_.last_heard(); }

  private:
    enum class phase { enrolling, greeting, deciding, established, ended };

    struct delivered {
        std::uint64_t seq;
        bool safe;
    };

    void established_received(const std::string& kind, const base::json& body, std::optional<std::uint64_t> seq);
    void unsupported(const std::string& kind, std::optional<std::uint64_t> seq);
    void finish(std::string code, std::string reason);

    const settings& settings_;
    controller_actions& actions_;
    phase phase_;
    base::steady_time began_;
    liveness liveness_;
    std::uint64_t version_ = newest_version;
    std::uint64_t lost_ = 0;
    std::deque<delivered> unacknowledged_;
};

} // namespace ferrule::fleet::protocol
