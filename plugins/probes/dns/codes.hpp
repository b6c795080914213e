// SPDX-License-Identifier: Apache-2.0
// The numbers of DNS and their names, as IANA lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::probes::dns {

namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33,
                               dname = 39, opt = 41, ds = 43, caa = 257;
} // namespace type

/// By name, or as `TYPE65280` (RFC 3597).
std::optional<std::uint16_t> type_number(std::string_view name);
std::string type_name(std::uint16_t number);

/// By name, or as `CLASS3`.
std::optional<std::uint16_t> class_number(std::string_view name);
std::string class_name(std::uint16_t number);

/// By name, such as `NXDOMAIN`.
std::optional<std::uint16_t> rcode_number(std::string_view name);
std::string rcode_name(std::uint16_t number);

} // namespace ferrule::probes::dns
