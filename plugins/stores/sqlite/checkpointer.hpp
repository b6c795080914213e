// SPDX-License-Identifier: Apache-2.0
// Folds the write-ahead log into the database beside the writer, so that no commit has to do it.
#pragma once

#include "database.hpp"

#include <ferrule/sdk/host.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace ferrule::sqlite {

/// A thread with a connection of its own that runs passive checkpoints, which neither wait for readers nor hold up the
/// writer. Under constant writing the log would never end, because there is always a newer frame; the writer therefore
/// calls `catch_up` once the log has reached its limit: with nobody writing the rest is folded in, and the next commit
/// starts the log from its beginning.
class checkpointer {
  public:
    checkpointer(const std::string& path, std::uint32_t wal_limit_mb, const sdk::host& host);
    checkpointer(const checkpointer&) = delete;
    checkpointer& operator=(const checkpointer&) = delete;
    ~checkpointer();

    /// Tells how many frames the log has after a commit. [writer's thread]
    void committed(int frames);
    /// Called before a transaction; checkpoints on the caller's thread when the log is over its limit. [writer's
    /// thread]
    void catch_up();
    /// Whether a commit now has only to add to the log: it will not find the log over its limit, share its file with a
    /// checkpoint that is writing, or be the one that starts the log anew, which waits for the disk. [writer's thread]
    [[nodiscard]] bool quiet() const noexcept;

  private:
    void loop();
    void fold();

    const sdk::host& host_;
    database on_;
    const int start_at_;
    const int limit_;

    // Of the writer's thread.
    int frames_ = 0;
    int next_limit_;

    std::mutex folding_;            ///< One checkpoint at a time.
    std::atomic<bool> busy_{false}; ///< A checkpoint runs.
    /// Frames of the log that the last checkpoint left in the database. When they are all of the log, the next commit
    /// may start it anew. So it is at first, and for a log that has been started anew it means nothing but does no
    /// harm.
    std::atomic<int> folded_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    bool wanted_ = false;
    bool stopped_ = false;
    std::thread thread_;
};

} // namespace ferrule::sqlite
