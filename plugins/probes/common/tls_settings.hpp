// SPDX-License-Identifier: Apache-2.0
// How a probe speaks TLS.
#pragma once

#include "common/settings_reader.hpp"

#include <string>

namespace ferrule::probes {

/// The settings under `tls_config`.
struct tls_settings {
    bool verify = true;
    std::string ca_file;     ///< Empty: the system's.
    std::string server_name; ///< For SNI and verification. Empty: the host of the target.
    int min_version = 0;     ///< As OpenSSL numbers them; 0 leaves it to OpenSSL.
    int max_version = 0;
    std::string client_cert; ///< PEM files.
    std::string client_key;
    std::string alpn; ///< The protocols that a probe offers, as TLS writes them (RFC 7301); no setting.

    /// Overwrites what the reader has; unknown members are refused.
    void read(settings_reader from);
};

/// Their JSON schema.
inline constexpr char tls_schema[] = R"(
    "tls_config": {"type": "object", "additionalProperties": false, "description": "How TLS is spoken, at once or after STARTTLS.", "properties": {
      "verify": {"type": "boolean", "default": true, "description": "Whether the certificate must be valid for the name and come from a known authority."},
      "ca_file": {"type": "string", "x-ferrule-local": true, "description": "PEM file with the authorities to trust instead of the system's."},
      "server_name": {"type": "string", "description": "Name that is asked for and that the certificate must hold; the target's host unless set."},
      "min_version": {"enum": ["1.0", "1.1", "1.2", "1.3"], "description": "Oldest version of TLS to accept."},
      "max_version": {"enum": ["1.0", "1.1", "1.2", "1.3"], "description": "Newest version of TLS to offer."},
      "client_cert": {"type": "string", "x-ferrule-local": true, "description": "PEM file with our own certificate and its chain."},
      "client_key": {"type": "string", "x-ferrule-local": true, "description": "PEM file with its private key."}}})";

} // namespace ferrule::probes
