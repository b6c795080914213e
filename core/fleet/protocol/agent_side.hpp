// What an agent says on one connection, without sockets and without a clock.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "fleet/protocol/greeting.hpp"
#include "fleet/protocol/liveness.hpp"

namespace ferrule::fleet::protocol {

/// What the state machine wants done; called from within its own calls.
class agent_actions {
  public:
    virtual ~agent_actions() = default;

    virtual void send(std::string text) = 0;
    virtual void ping() = 0;
    virtual void welcomed(const welcome& by) = 0;
    /// A heartbeat is due: sent with `beat`.
    virtual void beat_due() = 0;
    /// Deliveries up to this one are safe at the controller.
    virtual void acknowledged(std::uint64_t seq) = 0;
    /// The controller does not know the kind of this delivery and never will.
    virtual void rejected(std::uint64_t seq, const std::string& kind) = 0;
    virtual void renewed(const grant& what) = 0;
    virtual void not_renewed(const farewell& why) = 0;
    /// False when nobody takes this kind.
    virtual bool message(const std::string& kind, const base::json& body) = 0;
    /// The end: the connection is to be closed. Called once. `why.code` is the controller's, or `silent`,
    /// `greet_timeout`, `invalid_message`.
    virtual void end(const farewell& why) = 0;
};

/// Says hello, sends heartbeats, watches for silence. One thread at a time.
class agent_side {
  public:
    agent_side(agent_actions& actions, base::duration heartbeat, base::duration greet_limit, base::steady_time now);

    /// Says hello.
    void start(const hello& self);
    void received(std::string_view text, base::steady_time now);

    void alive(base::steady_time now) noexcept { liveness_.heard(now); }

    void beat(std::string_view body);
    void renew(const std::string& request);
    /// Tells that this agent stops.
    void say_goodbye();
    void tick(base::steady_time now);
    /// When tick is to be called at the latest.
    [[nodiscard]] base::steady_time next_tick(base::steady_time now) const noexcept;

    [[nodiscard]] bool established() const noexcept { return phase_ == phase::established; }

  private:
    enum class phase { greeting, established, ended };

    void established_received(const std::string& kind, const base::json& body);
    void finish(const farewell& why);

    agent_actions& actions_;
    phase phase_ = phase::greeting;
    base::duration heartbeat_;
    base::duration greet_limit_;
    base::steady_time began_;
    base::steady_time next_beat_{};
    liveness liveness_;
};

/// What a controller answered to `enrol`: the grant, or its refusal as an error with the controller's code.
result<grant> enrolment_answer(std::string_view text);

} // namespace ferrule::fleet::protocol
