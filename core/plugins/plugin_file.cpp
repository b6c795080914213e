#include "plugins/plugin_file.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ferrule::plugins {

namespace {

constexpr std::int64_t largest = std::int64_t{1} << 30;

error broken(std::string why, bool retryable = false) {
    return error("plugin_broken", std::move(why), retryable);
}

std::string reason(int number) {
    return std::generic_category().message(number);
}

// A read lease is refused while someone has the file open for writing. Only its owner may ask (or root), so this is a
// help and not a guarantee.
bool is_being_written(int fd) noexcept {
    // Someone who opens it for writing while the lease is held is announced by a signal: by one that is ignored unless
    // somebody cares, instead of SIGIO, which ends the process.
    if (::fcntl(fd, F_SETSIG, SIGURG) != 0)
        return false;
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN;
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

} // namespace

result<plugin_file> plugin_file::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return broken("it cannot be opened: " + reason(errno), errno == EMFILE || errno == ENFILE);

    struct stat info {};

    if (::fstat(fd, &info) != 0) {
        const int why = errno;
        ::close(fd);
        return broken("it cannot be examined: " + reason(why));
    }
    plugin_file out(fd, file_stamp::of(info));
    if (!S_ISREG(info.st_mode))
        return broken("it is not a regular file");
    if ((info.st_mode & S_IWOTH) != 0)
        return broken("everyone may write to it, so it is not safe to load; remove that permission (chmod o-w)");
    if (info.st_size > largest)
        return broken("it is larger than 1 GiB");
    if (is_being_written(fd))
        return broken("it is still being written", true);
    return out;
}

plugin_file::plugin_file(plugin_file&& other) noexcept
    : fd_(std::exchange(other.fd_, -1))
    , stamp_(other.stamp_) {}

plugin_file::~plugin_file() {
    if (fd_ >= 0)
        ::close(fd_);
}

bool plugin_file::read(std::uint64_t offset, std::uint64_t size, char* into) const {
    if (offset > this->size() || size > this->size() - offset)
        return false;
    while (size != 0) {
        const auto got = ::pread(fd_, into, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        into += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::uint64_t>(got);
    }
    return true;
}

result<std::string> plugin_file::content() const {
    std::string out(size(), '\0');
    if (!read(0, out.size(), out.data()))
        return broken("it cannot be read to its end; is it still being written?", true);
    return out;
}

result<void> plugin_file::unchanged() const {
    struct stat info {};

    if (::fstat(fd_, &info) != 0 || file_stamp::of(info) != stamp_ || is_being_written(fd_))
        return broken("it changed while it was read", true);
    return ok();
}

result<noted_file> read_note(const std::filesystem::path& path) {
    auto file = plugin_file::open(path);
    if (!file)
        return file.error();
    const auto text = note_text(*file);
    if (!text)
        return text.error();
    auto parsed = parse_note(*text);
    if (!parsed)
        return parsed.error();
    if (auto same = file->unchanged(); !same)
        return same.error();
    noted_file out;
    out.note = std::move(*parsed);
    out.stamp = file->stamp();
    return out;
}

} // namespace ferrule::plugins
