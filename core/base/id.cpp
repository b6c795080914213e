#include "base/id.hpp"

#include "base/clock.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <mutex>

namespace ferrule::base {

namespace {

constexpr std::size_t random_bytes = 6;

// RFC 9562, section 6.2, method 1: 48 bits of milliseconds, then a counter of 12 + 14 bits, then 48 random bits.
struct counter {
    std::mutex mutex;
    std::uint64_t millis = 0;
    std::uint32_t sequence = 0;
    // One system call for many ids.
    std::array<std::uint8_t, 64 * random_bytes> noise{};
    std::size_t noise_used = noise.size();
};

constexpr std::uint32_t sequence_limit = 1u << 26u;

counter& the_counter() {
    static counter state;
    return state;
}

} // namespace

// The milliseconds are the first twelve digits.
void make_ids_after(std::string_view id) {
    if (!is_id(id))
        return;
    const auto digits = std::string(id.substr(0, 8)) + std::string(id.substr(9, 4));
    std::uint64_t millis = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), millis, 16);
    auto& state = the_counter();
    const std::lock_guard lock(state.mutex);
    if (millis < state.millis)
        return;
    state.millis = millis + 1;
    state.sequence = 0;
}

std::string make_id() {
    auto& state = the_counter();
    std::uint64_t millis = 0;
    std::uint32_t sequence = 0;
    std::array<std::uint8_t, 16> bytes{};
    {
        const std::lock_guard lock(state.mutex);
        const auto now = static_cast<std::uint64_t>(system_clock().wall_now().time_since_epoch().count());
        if (now > state.millis) {
            state.millis = now;
            state.sequence = 0;
        } else if (++state.sequence == sequence_limit) {
            ++state.millis;
            state.sequence = 0;
        }
        millis = state.millis;
        sequence = state.sequence;
        if (state.noise_used == state.noise.size()) {
            randombytes_buf(state.noise.data(), state.noise.size());
            state.noise_used = 0;
        }
        std::memcpy(bytes.data() + 10, state.noise.data() + state.noise_used, random_bytes);
        state.noise_used += random_bytes;
    }
    for (std::size_t i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(millis >> (40u - 8u * i));
    bytes[6] = static_cast<std::uint8_t>(0x70u | (sequence >> 22u));
    bytes[7] = static_cast<std::uint8_t>(sequence >> 14u);
    bytes[8] = static_cast<std::uint8_t>(0x80u | ((sequence >> 8u) & 0x3fu));
    bytes[9] = static_cast<std::uint8_t>(sequence);

    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        text += digits[bytes[i] >> 4u];
        text += digits[bytes[i] & 0xfu];
    }
    return text;
}

bool is_id(std::string_view text) noexcept {
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex)
            return false;
    }
    return true;
}

std::string random_token(std::size_t size) {
    std::string bytes(size, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.pop_back(); // the terminating zero
    return text;
}

} // namespace ferrule::base
