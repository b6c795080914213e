// SPDX-License-Identifier: Apache-2.0
// Certificates for TLS servers of tests.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace ferrule::probes_test {

/// What a server's certificate says.
struct certificate_spec {
    std::string names = "DNS:localhost,IP:127.0.0.1"; ///< As OpenSSL's subjectAltName.
    long begins = -3600;                              ///< Seconds from now.
    long ends = 3600;
};

/// An authority that signs certificates for servers.
class authority {
  public:
    explicit authority(const std::string& name = "Test Authority");

    /// A server's context with a fresh certificate and key.
    [[nodiscard]] std::shared_ptr<SSL_CTX> server(const certificate_spec& spec = {}) const;

    /// Its certificate as PEM text.
    [[nodiscard]] std::string pem() const;

  private:
    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};

} // namespace ferrule::probes_test
