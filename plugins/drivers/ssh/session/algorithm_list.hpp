// SPDX-License-Identifier: Apache-2.0
// Which algorithms are offered to a device: a good default, a list of one's own, or the default with additions.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::ssh {

/// What libssh 0.10 allows by default, cheapest good ones first. It drops names that it does not know.
namespace default_algorithms {
inline constexpr std::string_view kex =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
    "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,"
    "diffie-hellman-group14-sha256";
inline constexpr std::string_view host_key =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
inline constexpr std::string_view ciphers =
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr";
inline constexpr std::string_view macs =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
inline constexpr std::string_view public_key =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
} // namespace default_algorithms

/// `configured` is empty, a comma-separated list, or such a list with `+` before its first name: additions to
/// `defaults`.
inline std::string algorithm_list(std::string_view configured, std::string_view defaults) {
    if (configured.empty()) {
        return std::string(defaults);
    }
    if (configured.front() != '+') {
        return std::string(configured);
    }
    std::string out(defaults);
    out += ',';
    for (const char c : configured) {
        if (c != '+') {
            out += c;
        }
    }
    return out;
}

} // namespace ferrule::ssh
