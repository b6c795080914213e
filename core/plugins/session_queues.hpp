// Keeps the blocking work of one session in order.
#pragma once

#include <ferrule/abi/abi.h>

#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "plugins/blocking_share.hpp"

namespace ferrule::plugins {

/// A BLOCKING driver is called one function at a time for each session, on whatever thread of the pool is free.
/// Thread-safe.
class session_queues {
  public:
    /// False when the share is full. `work` must not throw.
    bool submit(blocking_share& share, frl_session session, std::function<void()> work);

  private:
    void run(frl_session session, const std::function<void()>& work);

    std::mutex mutex_;
    // A session is in the map while one of its functions runs or waits for a thread.
    std::unordered_map<frl_session, std::deque<std::function<void()>>> waiting_;
};

} // namespace ferrule::plugins
