// Masks what must not be seen.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::base {

/// Whether a field of this name holds a secret: password, passphrase, secret, token, private_key, api_key,
/// authorization, cookie, … in any spelling of case, dash and underscore.
bool is_secret_key(std::string_view key) noexcept;

/// The text with the values of `key=value`, `key: value` and `"key": "value"` masked where is_secret_key(key), bearer
/// tokens, credentials in URLs and PEM private keys masked as well. For text that comes from elsewhere and may quote a
/// request.
std::string redact(std::string_view text);

/// What stands in the place of a secret.
inline constexpr std::string_view redacted = "[redacted]";

} // namespace ferrule::base
