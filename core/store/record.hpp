// What the store keeps, and how it is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::store {

/// A named set of records with the attributes by which it can be filtered.
struct collection {
    collection(std::string name, std::vector<std::string> attributes);
    std::string name;
    std::vector<std::string> attributes;
};

/// One write. `attributes` are values in the order in which the collection declares them.
struct record {
    record(std::string collection, std::string key, std::string value);
    record(const record&);
    record(record&&) noexcept;
    record& operator=(const record&);
    record& operator=(record&&) noexcept;
    ~record();

    std::string collection;
    std::string key;
    std::string value;
    std::vector<std::string> attributes;
    std::int64_t expires_at_ms = 0; ///< Unix time in milliseconds; 0 = never.
    bool remove = false;
    bool insert_only = false;
};

/// One row that was read.
struct row {
    std::string key;
    std::string value;
    std::int64_t expires_at_ms = 0;
};

/// Keys in [from, to), empty = unbounded; newest first with `reverse`. The same attribute more than once means any of
/// its values.
struct query {
    query();
    query(const query&);
    query(query&&) noexcept;
    query& operator=(const query&);
    query& operator=(query&&) noexcept;
    ~query();

    std::string collection;
    std::string from;
    std::string to;
    bool reverse = false;
    std::uint32_t limit = 0; ///< 0 = no limit.
    std::vector<std::pair<std::string, std::string>> filters;
};

} // namespace ferrule::store
