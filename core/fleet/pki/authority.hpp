// The fleet's own certificate authority.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "net/certificate_facts.hpp"
#include "net/mutual_tls.hpp"

namespace ferrule::fleet::pki {

/// A certificate that was made, and what it says.
struct issued {
    std::string pem;
    net::certificate_facts facts;
};

/// Signs for agents and controllers of one fleet; its key and certificate lie in a folder (`ca.key`, mode 0600, and
/// `ca.pem`). Names in certificates come from the caller, never from a request. Serial numbers ascend with time, so
/// that of two certificates the higher serial is the newer. Immutable, thread-safe.
class authority {
  public:
    /// Makes a new one that lasts twenty years. Fails with `exists` when there is one already, which is never replaced:
    /// its agents would all be lost. Blocks.
    static result<authority> init(const std::filesystem::path& folder, base::wall_time now);
    /// Fails with `no_authority` (run `ferrule ca init`), `key_file` or `authority_invalid`. Blocks.
    static result<authority> open(const std::filesystem::path& folder);

    /// For the agent `name` and the key in the request. `after`: a serial number that the new one must exceed, may be
    /// empty. Fails with `invalid_csr`.
    [[nodiscard]] result<issued> sign_agent(const std::string& request, const std::string& name, base::wall_time now,
                                            base::duration lifetime, const std::string& after = {}) const;
    /// A new key and a certificate for the controller `name`.
    [[nodiscard]] result<net::tls_identity> make_server(const std::string& name, base::wall_time now,
                                                        base::duration lifetime) const;

    [[nodiscard]] const net::certificate_facts& facts() const noexcept { return facts_; }

    [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }

  private:
    authority(base::secret key, std::string certificate);

    base::secret key_;
    std::string certificate_;
    net::certificate_facts facts_;
};

} // namespace ferrule::fleet::pki
