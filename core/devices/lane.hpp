// One device's pinned work: its queue, its session, and the one job that runs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "devices/device_session.hpp"
#include "devices/job_run.hpp"
#include "devices/node_parts.hpp"
#include "runtime/event.hpp"
#include "runtime/io.hpp"

namespace ferrule::devices {

class lane_queues;

/// Runs pinned jobs of one device strictly in the order of their acceptance, on one session that stays open between
/// them. It lives on a strand of its own; a coroutine holds it until its queue is empty and its session closed.
/// Keepalive and idle close happen while no job runs. `wake`, `interrupt`, `close_session` and `info` from any thread.
class lane : public std::enable_shared_from_this<lane> {
  public:
    lane(node_parts& parts, lane_queues& queues, std::string key);

    /// Starts the coroutine; once.
    void start();
    void wake();
    /// Ends the job that runs, if it is still this one.
    void interrupt(std::string job);
    /// Closes the session, if it is still this one, when nothing runs on it, or now.
    void close_session(std::string id, bool force);
    /// Finishes what runs, takes nothing more, closes the session.
    void stop();
    [[nodiscard]] std::optional<model::session_info> info() const;

    [[nodiscard]] const std::string& key() const noexcept { return key_; }

  private:
    friend class lane_queues;

    asio::awaitable<void> work();
    asio::awaitable<void> run(entry_ptr entry);
    asio::awaitable<run_outcome> execute(entry_ptr entry, job_ptr shown, base::steady_time deadline);
    asio::awaitable<result<void>> ensure_session(entry_ptr entry, base::steady_time deadline);
    asio::awaitable<void> drop_session();
    asio::awaitable<void> wait_for_work();
    asio::awaitable<result<void>> check(base::steady_time deadline);
    [[nodiscard]] base::duration session_ttl() const;
    void set_session(std::shared_ptr<device_session> next);

    node_parts& parts_;
    lane_queues& queues_;
    const std::string key_;
    // Guarded by lane_queues.
    std::deque<entry_ptr> queue_;
    std::size_t dead_ = 0; // of the queue, those that others have claimed; at least

    // On the strand.
    runtime::strand strand_;
    runtime::event wake_;
    std::atomic<bool> waking_{false};
    asio::cancellation_signal stop_job_; // for the job or the check that runs
    std::string running_;
    std::shared_ptr<device_session> session_;
    std::optional<error> lost_;
    base::steady_time idle_since_{};
    base::steady_time probe_at_{};
    bool close_wanted_ = false;
    bool checking_ = false;
    bool stopping_ = false;

    mutable std::mutex shown_mutex_;
    std::shared_ptr<device_session> shown_; // the session again, for info()
};

} // namespace ferrule::devices
