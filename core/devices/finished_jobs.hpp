// The last jobs that ended, in memory.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "devices/job_entry.hpp"

namespace ferrule::devices {

/// Answers for jobs that have just ended without asking the store. Bounded in number and in bytes, since one job may
/// hold as much output as thousands of others. Not thread-safe.
class finished_jobs {
  public:
    finished_jobs(std::size_t most_jobs, std::size_t most_bytes) noexcept
        : most_jobs_(most_jobs)
        , most_bytes_(most_bytes) {}

    /// Forgets the oldest as far as the bounds ask for it, in the end this one.
    void keep(const job_ptr& last);
    /// Another end of one that is remembered; nothing when it is not.
    void replace(const job_ptr& last);
    /// Null when it is not remembered.
    [[nodiscard]] job_ptr find(std::string_view id) const;

  private:
    const std::size_t most_jobs_;
    const std::size_t most_bytes_;
    std::unordered_map<std::string, job_ptr> jobs_;
    std::deque<std::pair<std::string, std::size_t>> order_; // oldest first, with what each takes
    std::size_t bytes_ = 0;
};

} // namespace ferrule::devices
