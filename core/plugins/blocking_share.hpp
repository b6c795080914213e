// One plugin's part of the blocking pool.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "runtime/blocking_pool.hpp"

namespace ferrule::plugins {

/// Lets one plugin occupy only some threads of the pool at once and hold only so much waiting work, so that it cannot
/// starve the others. Thread-safe.
class blocking_share : public std::enable_shared_from_this<blocking_share> {
  public:
    blocking_share(runtime::blocking_pool& pool, unsigned threads, std::size_t queue);

    /// False when the share or the pool is full. `work` must not throw.
    [[nodiscard]] bool submit(std::function<void()> work);

  private:
    void run(std::function<void()> work);

    runtime::blocking_pool& pool_;
    const unsigned threads_;
    const std::size_t most_;
    std::mutex mutex_;
    std::deque<std::function<void()>> waiting_;
    unsigned running_ = 0;
};

} // namespace ferrule::plugins
