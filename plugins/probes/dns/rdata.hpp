// SPDX-License-Identifier: Apache-2.0
// What records hold, as people write it in zone files.
#pragma once

#include "dns/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ferrule::probes::dns {

struct rdata {
    std::string text;
    std::optional<std::uint32_t> serial; ///< Of a SOA record.
};

/// Reads the data of a record, all that `from` has. Of a type that is not known, or data that does not fit its type,
/// the text is that of RFC 3597: `\# 4 c0000201`.
rdata read_rdata(std::uint16_t type, wire_reader from);

} // namespace ferrule::probes::dns
