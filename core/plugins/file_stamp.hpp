// Tells whether a file is still the one that was read.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>

#include <sys/stat.h>

namespace ferrule::plugins {

/// Identity of a file or folder and of its contents, as far as stat can tell.
struct file_stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    friend bool operator==(const file_stamp&, const file_stamp&) = default;

    static file_stamp of(const struct stat& info) noexcept;
    /// None when there is no such file.
    static std::optional<file_stamp> of(const std::filesystem::path& file) noexcept;

    /// Whether a change from now on would show in the stamp. File systems stamp with the tick of the kernel, so that
    /// two changes shortly after one another may carry the same time; a file that has only just changed is not settled.
    [[nodiscard]] bool settled() const noexcept;
};

} // namespace ferrule::plugins
