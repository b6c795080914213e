// The node inside this process: executes the jobs that the scheduler gives it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

#include "devices/fifo_runs.hpp"
#include "devices/lane_queues.hpp"
#include "devices/node_parts.hpp"
#include "model/node.hpp"

namespace ferrule::devices {

/// Puts fifo and pinned execution together. Thread-safe.
class local_node {
  public:
    explicit local_node(node_parts& parts)
        : parts_(parts)
        , pinned_(parts)
        , fifo_(parts) {}

    /// Queues a job that may not be durable yet. False once the node stops.
    bool push(const entry_ptr& entry);
    /// The job became durable, or was withdrawn.
    void wake(const entry_ptr& entry);

    /// A pinned session or queue of this device is here.
    [[nodiscard]] bool has(const resolved_target& at) const { return pinned_.has(at.key()); }

    [[nodiscard]] model::node_info info() const;
    [[nodiscard]] std::vector<model::session_info> sessions() const;

    bool close_session(const std::string& id, bool force) { return pinned_.close_session(id, force); }

    /// Takes nothing new and waits for what runs; what still runs at the limit is told to end. Queued jobs stay in the
    /// store for the next start.
    asio::awaitable<void> stop(base::duration limit);

  private:
    node_parts& parts_;
    lane_queues pinned_;
    fifo_runs fifo_;
};

} // namespace ferrule::devices
