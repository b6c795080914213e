#include "plugins/run_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace ferrule::plugins {

namespace {

error unusable(const std::filesystem::path& path, std::string_view what, int number) {
    return error("run_folder_unusable", "the folder for loaded plugins cannot be used: " + path.string() + ": " +
                                            std::string(what) + ": " + std::generic_category().message(number));
}

void remove_leftovers(const std::filesystem::path& folder) {
    std::error_code ignored;
    for (std::filesystem::directory_iterator each(folder, ignored), end; !ignored && each != end;
         each.increment(ignored)) {
        std::error_code unimportant;
        if (each->is_directory(unimportant) && !each->is_symlink(unimportant))
            std::filesystem::remove_all(each->path(), unimportant);
    }
}

} // namespace

result<int> claim_run_folder(const std::filesystem::path& folder) {
    if (folder.empty() || !folder.is_absolute())
        return error("run_folder_unusable", "the folder for loaded plugins must be an absolute path");
    std::error_code failed;
    std::filesystem::create_directories(folder.parent_path(), failed);
    if (failed)
        return unusable(folder, "its parent cannot be made", failed.value());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return unusable(folder, "it cannot be made", errno);

    struct stat info {};

    if (::lstat(folder.c_str(), &info) != 0)
        return unusable(folder, "it cannot be examined", errno);
    if (!S_ISDIR(info.st_mode))
        return unusable(folder, "it is something else", ENOTDIR);
    if (info.st_uid != ::geteuid())
        return error("run_folder_unusable",
                     "the folder for loaded plugins belongs to another user: " + folder.string());
    if ((info.st_mode & 077) != 0 && ::chmod(folder.c_str(), 0700) != 0)
        return unusable(folder, "others may use it, and that cannot be changed", errno);
    const auto mark = folder / ".lock";
    const int fd = ::open(mark.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return unusable(mark, "it cannot be opened", errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_leftovers(folder);
    if (::flock(fd, LOCK_SH) != 0) {
        const int why = errno;
        ::close(fd);
        return unusable(mark, "it cannot be locked", why);
    }
    return fd;
}

void release_run_folder(int mark) noexcept {
    if (mark >= 0)
        ::close(mark);
}

result<std::filesystem::path> write_copy(const std::filesystem::path& folder, const std::string& hash,
                                         const std::string& name, const std::string& content) {
    const auto place = folder / hash.substr(0, 16);
    if (::mkdir(place.c_str(), 0700) != 0 && errno != EEXIST)
        return unusable(place, "it cannot be made", errno);
    auto pattern = (place / ".new-XXXXXX").string();
    const int fd = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (fd < 0)
        return unusable(place, "no file can be made in it", errno);
    int why = 0;
    for (std::size_t done = 0; done < content.size() && why == 0;) {
        const auto wrote = ::write(fd, content.data() + done, content.size() - done);
        if (wrote > 0)
            done += static_cast<std::size_t>(wrote);
        else if (errno != EINTR)
            why = errno;
    }
    if (why == 0 && ::fchmod(fd, 0500) != 0)
        why = errno;
    if (::close(fd) != 0 && why == 0)
        why = errno;
    const auto copy = place / name;
    if (why == 0 && ::rename(pattern.c_str(), copy.c_str()) != 0)
        why = errno;
    if (why != 0) {
        ::unlink(pattern.c_str());
        return unusable(copy, "the copy cannot be written", why);
    }
    return copy;
}

} // namespace ferrule::plugins
