// SPDX-License-Identifier: Apache-2.0
// Whatever arrives on an ICMP socket is read within its bounds, and what is read from it is what stands in it.
#include "icmp/packet.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace icmp = ferrule::icmp;

namespace {

/// Writing what was read gives the bytes it was read from, but for type and checksum.
void check(icmp::family of, std::span<const std::uint8_t> bytes, const icmp::echo& seen) {
    if (bytes.size() < icmp::echo_header_size || (bytes.size() >= icmp::echo_head_size) != seen.mark.has_value()) {
        std::abort();
    }
    const auto again = icmp::make_request(of, seen.id, seen.sequence, seen.mark.value_or(icmp::cookie{}), 16);
    const auto end = seen.mark ? icmp::echo_head_size : icmp::echo_header_size;
    if (!std::equal(again.begin() + 4, again.begin() + static_cast<std::ptrdiff_t>(end), bytes.begin() + 4)) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    for (const auto of : {icmp::family::v4, icmp::family::v6}) {
        if (const auto reply = icmp::read_reply(of, bytes, false)) {
            check(of, bytes, *reply);
        }
        if (const auto quoted = icmp::read_quoted_request(of, bytes)) {
            check(of, bytes, *quoted);
        }
    }
    if (const auto reply = icmp::read_reply(icmp::family::v4, bytes, true)) {
        check(icmp::family::v4, bytes.subspan((bytes[0] & 15U) * 4U), *reply);
    }
    return 0;
}
