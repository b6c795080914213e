// Room on the file systems of this host, measured where nobody waits for it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::fleet::host {

/// Bytes.
struct disk_room {
    std::uint64_t total = 0;
    std::uint64_t available = 0; ///< To users that are not root.
};

/// What was found, by where it is mounted.
struct disk_report {
    std::map<std::string, disk_room> rooms;
    /// Mounts that were being asked at the look before already, and have not answered since.
    std::vector<std::string> unanswered;
};

/// statvfs(3) of a file system whose server has gone (FUSE) or whose pool is suspended (zfs) may not return. So a
/// thread of its own asks, and passes over what is still being asked: each mount that does not answer holds one such
/// thread, of at most four, and nothing else. One caller at a time.
class disk_watch {
  public:
    /// `mounts`: a file as /proc/self/mounts. Begins to measure.
    explicit disk_watch(std::string mounts);

    /// What was found last, at most 32 file systems; begins the next measurement. Does not block. A file system that
    /// does not answer is no longer among `rooms`.
    disk_report look();

  private:
    class answers;
    void begin();

    const std::string mounts_;
    std::shared_ptr<answers> answers_; ///< Outlives this while a file system is being asked.
};

} // namespace ferrule::fleet::host
