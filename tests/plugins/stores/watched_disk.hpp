// The disk under SQLite, as a test wants it.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ferrule::tests {

/// While it lives, files that SQLite opens in this process count how often the calling thread has them written through,
/// and may take their time, or fail. One at a time; it outlives the files.
class watched_disk {
  public:
    watched_disk() {
        real_ = sqlite3_vfs_find(nullptr);
        ours_ = *real_;
        ours_.zName = "watched";
        ours_.xOpen = &open;
        if (sqlite3_vfs_register(&ours_, 1) != SQLITE_OK)
            throw std::runtime_error("SQLite does not take the test's disk");
        fails = false;
        takes = {};
    }

    watched_disk(const watched_disk&) = delete;
    watched_disk& operator=(const watched_disk&) = delete;

    ~watched_disk() { sqlite3_vfs_unregister(&ours_); }

    /// Of the calling thread.
    static inline thread_local int syncs = 0;
    /// Of writes that the calling thread makes.
    static inline thread_local bool fails = false;
    static inline thread_local std::chrono::milliseconds takes{};

  private:
    // The real file stays what it is, but for two of its functions, which are the same for all kinds of files.
    static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* opened) {
        const int code = real_->xOpen(real_, name, file, flags, opened);
        if (file->pMethods == nullptr)
            return code;
        const std::lock_guard lock(mutex_);
        const auto [at, fresh] = methods_.try_emplace(file->pMethods, *file->pMethods);
        if (fresh) {
            real_sync_ = std::exchange(at->second.xSync, &sync);
            real_write_ = std::exchange(at->second.xWrite, &write);
        }
        file->pMethods = &at->second;
        return code;
    }

    static int sync(sqlite3_file* file, int how) {
        ++syncs;
        return real_sync_.load()(file, how);
    }

    static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
        if (takes.count() != 0)
            std::this_thread::sleep_for(takes);
        return fails ? SQLITE_IOERR_WRITE : real_write_.load()(file, bytes, count, at);
    }

    static inline sqlite3_vfs* real_ = nullptr;
    static inline std::mutex mutex_;
    static inline std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_; // by those of the real file
    static inline std::atomic<int (*)(sqlite3_file*, int)> real_sync_ = nullptr;
    static inline std::atomic<int (*)(sqlite3_file*, const void*, int, sqlite3_int64)> real_write_ = nullptr;
    sqlite3_vfs ours_{};
};

} // namespace ferrule::tests
