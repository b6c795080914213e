// SPDX-License-Identifier: Apache-2.0
// The few hashes and encodings that SSH's files and fingerprints are made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferrule::ssh {

std::string sha256(std::string_view data);

std::string sha256_hex(std::string_view data);

std::string hmac_sha1(std::string_view key, std::string_view data);

/// With padding.
std::string base64(std::string_view data);

/// Nothing for a text that is not base64.
std::optional<std::string> from_base64(std::string_view text);

/// `SHA256:…` as OpenSSH prints it, of a public key in wire format.
std::string fingerprint(std::string_view key_blob);

} // namespace ferrule::ssh
