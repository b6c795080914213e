// SPDX-License-Identifier: Apache-2.0
// What a peer's certificates say.
#pragma once

#include "common/measurement.hpp"

#include <openssl/ssl.h>

#include <string>

namespace ferrule::probes {

/// Describes the chain: metrics `ssl_earliest_cert_expiry` (Unix seconds) and `certificate_days` (from now until
/// then), labels `ssl_fingerprint_sha256`, `ssl_subject`, `ssl_issuer`, `ssl_subjectalternative`, `ssl_ip_addresses`,
/// `ssl_serialnumber` of its first certificate.
void describe_chain(const STACK_OF(X509) * chain, measurement& into);

/// Describes a finished handshake: the chain, its version as label `tls_version`, and for one that was verified metric
/// `ssl_last_chain_expiry_timestamp_seconds`.
void describe_handshake(SSL* tls, measurement& into);

/// Names and addresses that a certificate is for, in one line.
std::string names_of(const X509* certificate);

/// A time of a certificate, in seconds since 1970.
long long unix_time(const ASN1_TIME* time);

/// The same for a sentence: 2026-01-31 12:00:00 UTC.
std::string time_text(const ASN1_TIME* time);

} // namespace ferrule::probes
