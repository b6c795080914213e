// SPDX-License-Identifier: Apache-2.0
#include "icmp/packet.hpp"

#include <algorithm>
#include <concepts>

namespace ferrule::icmp {

namespace {

struct type_numbers {
    std::uint8_t request;
    std::uint8_t reply;
};

// RFC 792 and RFC 4443.
constexpr type_numbers types_of(family of) noexcept {
    return of == family::v4 ? type_numbers{8, 0} : type_numbers{128, 129};
}

template <std::unsigned_integral Number>
Number get(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t width = sizeof(Number)) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        value = (value << 8) | bytes[at + i];
    }
    return static_cast<Number>(value);
}

void put(std::span<std::uint8_t> bytes, std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) {
        bytes[at + i] = static_cast<std::uint8_t>(value);
        value >>= 8;
    }
}

constexpr std::array<std::uint8_t, largest_payload> make_filler() {
    std::array<std::uint8_t, largest_payload> made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
        made[i] = static_cast<std::uint8_t>(i);
    }
    return made;
}

constinit const auto filler_bytes = make_filler();

/// Adds 16-bit words, the last one padded with zero (RFC 1071).
std::uint64_t add_words(std::uint64_t sum, std::span<const std::uint8_t> bytes) {
    std::size_t at = 0;
    for (; at + 1 < bytes.size(); at += 2) {
        sum += get<std::uint16_t>(bytes, at);
    }
    return at < bytes.size() ? sum + (static_cast<std::uint64_t>(bytes[at]) << 8) : sum;
}

std::uint16_t fold(std::uint64_t sum) {
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

echo read_echo(std::span<const std::uint8_t> bytes) {
    echo seen;
    seen.id = get<std::uint16_t>(bytes, 4);
    seen.sequence = get<std::uint16_t>(bytes, 6);
    if (bytes.size() >= echo_head_size) {
        seen.mark =
            cookie{get<std::uint64_t>(bytes, 8), get<std::uint64_t>(bytes, 16, 6), get<std::uint16_t>(bytes, 22)};
    }
    return seen;
}

std::optional<echo> read_typed(std::span<const std::uint8_t> bytes, std::uint8_t type) {
    if (bytes.size() < echo_header_size || bytes[0] != type || bytes[1] != 0) {
        return std::nullopt;
    }
    return read_echo(bytes);
}

} // namespace

std::span<const std::uint8_t> filler() noexcept {
    return filler_bytes;
}

echo_head make_request(family of, std::uint16_t id, std::uint16_t sequence, const cookie& mark, std::size_t payload) {
    echo_head head{};
    head[0] = types_of(of).request;
    put(head, 4, id, 2);
    put(head, 6, sequence, 2);
    put(head, 8, mark.process, 8);
    put(head, 16, mark.probe, 6);
    put(head, 22, mark.index, 2);
    if (of == family::v4) {
        const auto rest = payload - std::min(payload, cookie_size);
        put(head, 2, fold(add_words(add_words(0, head), filler().first(std::min(rest, largest_payload)))), 2);
    }
    return head;
}

std::optional<echo> read_reply(family of, std::span<const std::uint8_t> bytes, bool with_ip_header) {
    if (with_ip_header) {
        if (bytes.empty()) {
            return std::nullopt;
        }
        const std::size_t header = (bytes[0] & 15U) * 4U;
        if (bytes[0] >> 4 != 4 || header < 20 || bytes.size() < header) {
            return std::nullopt;
        }
        bytes = bytes.subspan(header);
    }
    return read_typed(bytes, types_of(of).reply);
}

std::optional<echo> read_quoted_request(family of, std::span<const std::uint8_t> bytes) {
    return read_typed(bytes, types_of(of).request);
}

} // namespace ferrule::icmp
