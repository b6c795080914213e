// SPDX-License-Identifier: Apache-2.0
// Overwriting text that held a secret.
#pragma once

#include <cstring>
#include <string>

namespace ferrule::ssh {

/// Overwrites the text in a way that the compiler keeps, then empties it.
inline void wipe(std::string& text) noexcept {
    if (!text.empty()) {
        std::memset(text.data(), 0, text.size());
        __asm__ __volatile__("" : : "r"(text.data()) : "memory");
        text.clear();
    }
}

} // namespace ferrule::ssh
