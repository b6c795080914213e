// Value types of settings that plain integers and texts would leave ambiguous.
#pragma once

#include <cstdint>
#include <string>

namespace ferrule::config {

/// A number of bytes; written as `512`, `64KiB`, `4MiB`, `1GiB`.
struct byte_size {
    std::uint64_t count = 0;

    constexpr operator std::uint64_t() const noexcept { return count; }
};

constexpr byte_size kibibytes(std::uint64_t count) noexcept {
    return {count << 10U};
}

constexpr byte_size mebibytes(std::uint64_t count) noexcept {
    return {count << 20U};
}

/// The JSON text of an object whose keys belong to a plugin, in the form in which it crosses to that plugin. May hold
/// secrets that `!file` or `${ENV}` put there, so it is neither logged nor shown.
struct json_text {
    std::string text = "{}";
};

} // namespace ferrule::config
