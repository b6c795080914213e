// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ferrule::probes {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// Bytes of the character that the text begins with; 0 when it begins with none.
std::size_t character_size(std::string_view text) {
    const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size == 0 || text.size() < size) {
        return 0;
    }
    // Neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high) {
        return 0;
    }
    for (std::size_t at = 2; at < size; ++at) {
        if ((byte(at) & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

/// Where the first byte is that belongs to no character; the size when there is none.
std::size_t good_part(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::uint64_t eight = 0;
        if (text.size() - at >= sizeof(eight)) {
            std::memcpy(&eight, text.data() + at, sizeof(eight));
            if ((eight & 0x8080808080808080u) == 0) { // ASCII, as most is
                at += sizeof(eight);
                continue;
            }
        }
        const auto size = character_size(text.substr(at));
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return text.size();
}

} // namespace

utf8_text::utf8_text(std::string_view given)
    : given_(given) {
    auto good = good_part(given);
    while (good < given.size()) {
        own_.append(given.substr(0, good));
        replaced_.push_back(own_.size());
        own_.append(replacement);
        given.remove_prefix(good + 1);
        good = good_part(given);
    }
    if (!replaced_.empty()) {
        own_.append(given);
    }
}

std::size_t utf8_text::given(std::size_t offset) const noexcept {
    const auto before = std::lower_bound(replaced_.begin(), replaced_.end(), offset) - replaced_.begin();
    return offset - static_cast<std::size_t>(before) * (replacement.size() - 1);
}

} // namespace ferrule::probes
