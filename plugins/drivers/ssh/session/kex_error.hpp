// SPDX-License-Identifier: Apache-2.0
// Says what to do when the key exchange fails.
#pragma once

#include <ferrule/sdk/error.hpp>

#include <string>
#include <string_view>

namespace ferrule::ssh {

/// From libssh's text for a failed key exchange. When there is no common algorithm: which ones the device offers, and
/// which option enables them. `greeted`: the other
/// side has sent an SSH greeting.
sdk::error kex_error(const std::string& where, std::string_view text, bool greeted);

} // namespace ferrule::ssh
