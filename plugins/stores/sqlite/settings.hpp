// SPDX-License-Identifier: Apache-2.0
// What the store is told when it is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sqlite {

/// A collection and the attributes by which it can be searched.
struct collection_settings {
    std::string name;
    std::vector<std::string> attributes;
};

/// The configuration, checked.
struct settings {
    std::string path; ///< Absolute.
    bool sync_each_commit = false;
    std::uint32_t cache_mb = 16;     ///< Page cache of the writing connection.
    std::uint32_t wal_limit_mb = 64; ///< Past it writing waits until the log is folded into the database.
    std::vector<collection_settings> collections;
};

/// Reads the configuration; throws `failure` with `invalid_config` that names the member at fault.
settings read_settings(std::string_view json);

} // namespace ferrule::sqlite
