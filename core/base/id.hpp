// Ids that sort by the time of their making.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::base {

/// A new UUIDv7 (RFC 9562) in lower-case text, 36 characters. Ids made by one process are strictly ascending, also
/// within a millisecond and when the wall clock steps back, so order of acceptance is order of id. Thread-safe.
std::string make_id();

/// From now on ids come after this one, so that order of id is order of acceptance also across a restart with a clock
/// that was set back. Text that is no id changes nothing. Thread-safe.
void make_ids_after(std::string_view id);

/// Whether the text has the form of an id, before it is looked up.
bool is_id(std::string_view text) noexcept;

/// `size` random bytes from the system's generator as base64url text without padding; for tokens.
std::string random_token(std::size_t size);

} // namespace ferrule::base
