// What `ferrule probe` asks the server to measure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::app::cli {

/// The words and options of the command.
struct probe_request {
    std::string probe;
    std::vector<std::string> targets;
    std::vector<std::string> from;     ///< Names of nodes, or labels as `key=value`.
    std::string region;                ///< Of the nodes; any when it is empty.
    std::vector<std::string> settings; ///< `key=value`, where dots in the key lead into objects.
    std::string settings_file;         ///< YAML or JSON with further ones; empty for none.
    std::uint32_t nodes = 0;           ///< So many of those that match; 0 for all.
    std::uint32_t count = 1;
    std::string interval;
    std::string timeout;
    bool as_json = false;
};

/// `host`, `host:port`, `[ipv6]:port` or a URL.
base::json target_json(std::string_view word);
/// The body of POST /api/v1/probes/run. Fails with `usage` for a setting without a value, and for
/// a file of settings that cannot be used.
result<base::json> to_body(const probe_request& asked);

} // namespace ferrule::app::cli
