// Signed orders from a controller to one agent.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "fleet/exec/signing.hpp"
#include "model/command.hpp"

namespace ferrule::fleet::exec {

enum class action { run, cancel };

/// What a controller orders. All of it is signed, so that a copy is worth nothing for another agent, at another time,
/// or a second time.
struct order {
    std::string key_id;
    std::string task_id;
    std::string target; ///< Name of the agent.
    base::wall_time issued_at{};
    base::wall_time not_after{};
    std::string nonce;
    action what = action::run;
    model::command_spec spec; ///< Of `run`.
};

/// The message of kind `command`: `signed` holds the raw bytes that were signed and `sign` the signature. `task_id`,
/// `command`, `timeout` (seconds), `user` and `timestamp` repeat what is signed, for people and other programs.
base::json seal(const order& given, const signing_key& with);

/// What an agent was sent and made of it.
struct opened {
    order what;
    std::string digest; ///< Of the signed bytes; tells one sending from another.
};

/// Judges what arrives over the link. Sans-I/O; const members from any thread.
class verifier {
  public:
    struct rules {
        std::string self; ///< The agent's name, as its certificate says.
        base::duration skew{};
        base::duration max_lifetime{};
    };

    verifier(trusted_keys keys, rules wanted);

    void recognise(std::string self, trusted_keys keys) {
        rules_.self = std::move(self);
        keys_ = std::move(keys);
    }

    /// The order, if it is authentic and meant for this agent. Fails with `bad_envelope`, `unsupported_version`,
    /// `unknown_key`, `altered` or `wrong_target`.
    [[nodiscard]] result<opened> open(const base::json& message) const;
    /// Whether it may be begun now. Fails with `expired`, `not_yet_valid` or `lifetime_too_long`.
    [[nodiscard]] result<void> timely(const order& given, base::wall_time now) const;

  private:
    trusted_keys keys_;
    rules rules_;
};

/// The digest of what a message says was signed, whatever its worth; empty when it says nothing.
std::string digest_of(const base::json& message);
/// A text of a message that may be about anything, shortened: for records of refusals.
std::string claimed(const base::json& message, const char* member);

} // namespace ferrule::fleet::exec
