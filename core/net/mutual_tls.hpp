// TLS contexts for peers that know each other by one private authority.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "net/tls_context.hpp"

namespace ferrule::net {

/// Who we are and whom we trust, as PEM text.
struct tls_identity {
    std::string certificate;
    base::secret key;
    std::string authority;
};

/// The server's side: asks for a client certificate and refuses one that the authority did not sign or that is not for
/// clients, but lets a client in that shows none. Sends the authority's certificate along. No session resumption, so
/// that each connection proves itself anew. Fails with `tls_certificate_invalid`, `tls_key_invalid` or
/// `tls_key_mismatch`.
result<tls_context> make_mutual_server_context(const tls_identity& wanted);

/// The client's side: shows its certificate and accepts each server whose certificate the authority signed for servers;
/// names do not matter, as the authority signs for nobody else. Fails as above.
result<tls_context> make_mutual_client_context(const tls_identity& wanted);

/// A client without a certificate that knows the authority by the SHA-256 of its certificate only (lower-case
/// hexadecimal), which the server must send along.
result<tls_context> make_pinned_client_context(const std::string& fingerprint);

} // namespace ferrule::net
