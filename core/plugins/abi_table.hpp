// Reads a table that comes from the other side of the ABI, whatever its age.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ferrule::plugins {

/// Copies the smaller of the two sizes and takes the rest as zero. `from` must start with its struct_size.
template <class Table>
Table copy_table(const void* from) noexcept {
    Table out{};
    std::uint32_t size = 0;
    std::memcpy(&size, from, sizeof(size));
    std::memcpy(static_cast<void*>(&out), from, std::min<std::size_t>(size, sizeof(Table)));
    return out;
}

} // namespace ferrule::plugins
