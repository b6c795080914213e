// Keys of agents and what they ask a certificate with.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::fleet::pki {

/// A new key on the curve P-256 as PEM (PKCS #8). Of what TLS peers verify it is the cheapest. Throws std::bad_alloc
/// only.
base::secret make_key();

/// A signed request (PKCS #10, PEM) for a certificate in this name. Fails with `key_file` when the key is none.
result<std::string> make_request(const base::secret& key, const std::string& name);

/// SHA-256 of the public key in a request, lower-case hexadecimal: who asks again with the same key is the same one.
/// Fails with `invalid_csr` when the text is no request, its signature does not fit, or its key is not on P-256, P-384
/// or Ed25519.
result<std::string> requester_of(const std::string& request);

} // namespace ferrule::fleet::pki
