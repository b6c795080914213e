// What both ends say first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/target.hpp"

namespace ferrule::fleet::protocol {

/// The version of the link that this program speaks, and the oldest that it still does. Members may be added to
/// messages, and kinds of messages, without a new version.
inline constexpr std::uint64_t newest_version = 1;
inline constexpr std::uint64_t oldest_version = 1;

/// Who an agent is; its name stands in its certificate.
struct hello {
    std::uint64_t newest = newest_version;
    std::uint64_t oldest = oldest_version;
    std::string version; ///< Of the program.
    std::string host;
    std::string boot_id; ///< Of the process; as long as it stays, counters were not reset by a restart.
    std::vector<std::string> features;
    model::labels tags;
    std::string region;
    base::duration heartbeat{};
    std::uint64_t lost = 0; ///< Deliveries dropped from the spool that no controller was told of yet.
};

std::string to_json(const hello& from);
/// Takes what it knows; fails with `invalid_message` when what must be there is not.
result<hello> hello_from(const base::json& body);

/// A controller's answer.
struct welcome {
    std::uint64_t version = newest_version; ///< Of the link, that both ends speak from now on.
    std::string program;                    ///< Version of the program.
    std::vector<std::string> features;
    std::uint64_t lost = 0; ///< Of those that the hello told; they need not be told again.
};

std::string to_json(const welcome& from);
result<welcome> welcome_from(const base::json& body);

/// The version that both speak, if there is one.
std::optional<std::uint64_t> common_version(std::uint64_t newest, std::uint64_t oldest) noexcept;

/// {"code", "message", "retry_after_ms"}: why a controller ends the connection (`refused`, `busy`, `goodbye`).
struct farewell {
    std::string code;
    std::string message;
    base::duration retry_after{}; ///< Zero = the agent's own backoff decides.
};

std::string to_json(const farewell& from);
farewell farewell_from(const base::json& body);

/// What an agent without a certificate asks for.
struct enrolment {
    std::string token;
    std::string request; ///< PEM.
    std::string name;    ///< Wished for; the token may lay down another.
    std::string host;
};

std::string to_json(const enrolment& from);
result<enrolment> enrolment_from(const base::json& body);

/// A certificate for an agent, with `enrolled` and `renewed`.
struct grant {
    std::string certificate; ///< PEM.
    std::string authority;   ///< PEM.
    std::string command_key; ///< Public key of the controller's commands; with an enrolment, may be empty.
};

std::string to_json(const grant& from);
result<grant> grant_from(const base::json& body);

} // namespace ferrule::fleet::protocol
