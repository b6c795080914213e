// Jobs that need no order: each connects, runs and disconnects on its own.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "devices/device_session.hpp"
#include "devices/job_run.hpp"
#include "devices/node_parts.hpp"

namespace ferrule::devices {

/// Runs up to jobs.max_running_fifo of them at the same time, first come first started. Thread-safe.
class fifo_runs {
  public:
    explicit fifo_runs(node_parts& parts)
        : parts_(parts) {}

    /// False after stop.
    bool push(const entry_ptr& entry);
    /// Starts what may start, because this job became durable, or someone else has claimed it. Not under a lock: it may
    /// run jobs.
    void wake(const entry_ptr& entry);
    [[nodiscard]] std::size_t running() const;
    [[nodiscard]] std::vector<model::session_info> sessions() const;
    /// Takes nothing more; `emptied` is called once nothing runs.
    void stop(std::function<void()> emptied);

  private:
    struct run;

    void pump();
    void forget_dead();
    asio::awaitable<void> work(std::shared_ptr<run> one);
    asio::awaitable<run_outcome> execute(std::shared_ptr<run> one, job_ptr shown, base::steady_time deadline);
    void claim_next(std::vector<std::shared_ptr<run>>& begun);
    void ended(const std::shared_ptr<run>& one);

    node_parts& parts_;
    mutable std::mutex mutex_;
    std::deque<entry_ptr> queue_;
    std::size_t dead_ = 0; // of the queue, those that others have claimed; at least
    std::vector<std::shared_ptr<run>> runs_;
    std::function<void()> emptied_;
    bool stopping_ = false;
};

} // namespace ferrule::devices
