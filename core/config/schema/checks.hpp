// Checks of texts that several settings share; each returns what is wrong, or nothing.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::config::schema {

/// A name of a device, credential, token, platform or plugin.
std::string check_name(std::string_view text);
inline constexpr std::string_view name_pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";

/// A host name or address, without a port.
std::string check_host(std::string_view text);

/// `address:port`, `[ipv6]:port`, `localhost:port`, `*:port` or `unix:/path` to listen on, as http::listener reads it.
std::string check_listen(std::string_view text);

/// As check_listen, but no Unix socket.
std::string check_listen_tcp(std::string_view text);

/// `host:port` or `[ipv6]:port` to connect to.
std::string check_host_port(std::string_view text);

/// A regex as devices' prompts are matched with: PCRE2, caseless, multiline, UTF. Says where it is wrong.
std::string check_regex(std::string_view text);

/// BLAKE2b-256 of a token in lower-case hexadecimal.
std::string check_token_hash(std::string_view text);
inline constexpr std::string_view hash_pattern = "^[0-9a-f]{64}$";

std::string check_not_empty(std::string_view text);

/// An absolute path, in its plain form: no `..`, no double slashes.
std::string check_absolute(std::string_view text);

/// A PCRE2 expression that is matched against a whole text, with case.
std::string check_whole_regex(std::string_view text);

/// The public key of a controller: `ed25519:` and 32 bytes in base64.
std::string check_public_key(std::string_view text);

} // namespace ferrule::config::schema
