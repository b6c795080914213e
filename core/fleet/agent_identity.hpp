// Who an agent is, on its disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "fleet/protocol/greeting.hpp"
#include "net/certificate_facts.hpp"
#include "net/mutual_tls.hpp"

namespace ferrule::fleet {

/// In the folder of the identity: the public key of the controller's commands, as it came when the agent joined.
inline constexpr const char* command_key_file = "command.pub";

/// An agent's key, its certificate and its fleet's authority.
struct agent_identity {
    net::tls_identity tls;
    net::certificate_facts facts;

    /// When it is time for another one: after two thirds of its life, some agents a little earlier than others.
    [[nodiscard]] base::wall_time renew_at() const;
};

/// The identity in one file, `identity.pem` (mode 0600), which is replaced as a whole: key and certificate always fit.
/// The key of an enrolment under way lies in `pending.key`, so that one whose answer was lost can be repeated. Blocks;
/// one thread at a time.
class identity_file {
  public:
    explicit identity_file(std::filesystem::path folder);

    /// None when the agent has not joined yet. Fails with `key_file` or `identity_invalid`.
    [[nodiscard]] result<std::optional<agent_identity>> load() const;
    /// The name in the certificate; the one that the agent asks for while it has none.
    [[nodiscard]] std::string name_or(std::string asked_for) const;
    /// The key to enrol with; the same until save().
    [[nodiscard]] result<base::secret> pending_key() const;
    /// Checks that the parts fit and keeps them.
    [[nodiscard]] result<agent_identity> save(const protocol::grant& granted, const base::secret& key) const;

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  private:
    std::filesystem::path folder_;
};

} // namespace ferrule::fleet
