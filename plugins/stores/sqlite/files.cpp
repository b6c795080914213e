// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"

#include <ferrule/sdk/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace ferrule::sqlite {

namespace {

constexpr mode_t private_folder = 0700;
constexpr mode_t private_file = 0600;

[[noreturn]] void refuse(const std::string& doing, const std::string& path, int system_error) {
    throw sdk::failure(sdk::error("store_unavailable",
                                  "cannot " + doing + " " + path + ": " + std::strerror(system_error) +
                                      ". Check the store's path and the rights of this user",
                                  system_error == ENOSPC || system_error == EMFILE));
}

class descriptor {
  public:
    explicit descriptor(int value) noexcept
        : value_(value) {}

    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    ~descriptor() {
        if (value_ >= 0)
            ::close(value_);
    }

    [[nodiscard]] int get() const noexcept { return value_; }

    int release() noexcept { return std::exchange(value_, -1); }

  private:
    int value_;
};

std::string holder(int lock) {
    std::array<char, 32> text{};
    const auto size = ::pread(lock, text.data(), text.size() - 1, 0);
    if (size <= 0)
        return "another process";
    const std::string pid(text.data(), static_cast<std::size_t>(size));
    return "process " + pid.substr(0, pid.find('\n'));
}

// A new name is durable only once its folder is synced.
void sync_folder(const std::filesystem::path& folder) {
    const descriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (held.get() >= 0)
        ::fsync(held.get());
}

} // namespace

file_lock::file_lock(const std::string& database_path)
    : descriptor_(-1) {
    const auto path = database_path + ".lock";
    descriptor held(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file));
    if (held.get() < 0)
        refuse("open the lock file", path, errno);
    if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            refuse("lock", path, errno);
        throw sdk::failure(sdk::error("store_in_use",
                                      "the database " + database_path + " is in use by " + holder(held.get()) +
                                          "; stop that process, or give this one a path of its own",
                                      true));
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    // The number only serves the message above, so a full disk must not keep the store from opening.
    if (::ftruncate(held.get(), 0) == 0 && ::pwrite(held.get(), pid.data(), pid.size(), 0) < 0)
        errno = 0;
    descriptor_ = held.release();
}

file_lock::~file_lock() {
    ::close(descriptor_);
}

void make_folder(const std::string& database_path) {
    const auto folder = std::filesystem::path(database_path).parent_path();
    std::filesystem::path made;
    for (const auto& part : folder) {
        made /= part;
        if (::mkdir(made.c_str(), private_folder) != 0 && errno != EEXIST)
            refuse("make the folder", made.string(), errno);
    }

    struct stat seen {};

    if (::stat(folder.c_str(), &seen) != 0)
        refuse("use the folder", folder.string(), errno);
    if (!S_ISDIR(seen.st_mode))
        refuse("use the folder", folder.string(), ENOTDIR);
}

bool make_file(const std::string& database_path) {
    const descriptor held(
        ::open(database_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, private_file));
    if (held.get() < 0) {
        if (errno == EEXIST)
            return false;
        refuse("make the database", database_path, errno);
    }
    sync_folder(std::filesystem::path(database_path).parent_path());
    return true;
}

} // namespace ferrule::sqlite
