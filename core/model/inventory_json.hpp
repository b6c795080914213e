// Devices, credentials and targets as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// Whether a text may name a device or credential: 1 to 128 characters of letters, digits and `._-`, first a letter or
/// digit.
bool is_name(std::string_view text) noexcept;
/// Whether a text may be a host: a name or address without blanks, quotes, slashes or control characters, at most 253
/// characters.
bool is_host(std::string_view text) noexcept;

/// Reads target fields (driver, platform, host, port, credential, options, jump) through the caller's reader.
target read_target(base::object_reader& reader);
/// Reads the secret fields of a login (username, password, private_key, passphrase, enable_password, answers) through
/// the caller's reader.
credential read_login(base::object_reader& reader);

/// Reads a duration of at most 365d, which can be added to any time that a clock gives.
std::optional<base::duration> read_span(base::object_reader& reader, std::string_view key);

/// Reads `labels`, an object of texts, through the caller's reader.
labels read_labels(base::object_reader& reader);

/// Reads the body of PUT /api/v1/devices/{name}; `invalid_request` with every fault.
result<device> device_from_json(const base::json& body);
base::json to_json(const device& shown);

result<credential> credential_from_json(const base::json& body);
/// As clients see it: which parts are set, never their values.
base::json to_json(const credential& shown);

/// The whole credential with its secrets: for sealing, and what a driver's secret_get receives. Wipe the text after
/// use.
base::json to_secret_json(const credential& kept);
result<credential> credential_from_secret_json(const base::json& kept);

base::json to_json(const target& shown);

/// Overwrites every text in a value that held secrets.
void wipe(base::json& value) noexcept;

} // namespace ferrule::model
