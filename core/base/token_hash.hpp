// The form in which tokens are kept.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::base {

/// BLAKE2b-256 of a token's text in lower-case hexadecimal. A token has enough random bits that a slow hash would add
/// nothing.
std::string hash_token(std::string_view text);

} // namespace ferrule::base
