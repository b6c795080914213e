#include "plugins/file_stamp.hpp"

namespace ferrule::plugins {

namespace {

constexpr std::int64_t second = 1'000'000'000;
// Longer than the tick of any kernel configuration (10 ms at 100 Hz), several times over.
constexpr std::int64_t restless = second / 20;

std::int64_t nanoseconds(const timespec& time) noexcept {
    return std::int64_t{time.tv_sec} * second + time.tv_nsec;
}

} // namespace

file_stamp file_stamp::of(const struct stat& info) noexcept {
    file_stamp out;
    out.device = info.st_dev;
    out.inode = info.st_ino;
    out.size = info.st_size;
    out.modified_ns = nanoseconds(info.st_mtim);
    out.changed_ns = nanoseconds(info.st_ctim);
    return out;
}

std::optional<file_stamp> file_stamp::of(const std::filesystem::path& file) noexcept {
    struct stat info {};

    if (::stat(file.c_str(), &info) != 0)
        return std::nullopt;
    return of(info);
}

bool file_stamp::settled() const noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto age = nanoseconds(now) - changed_ns;
    return age > restless || age < -restless;
}

} // namespace ferrule::plugins
