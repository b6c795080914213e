// The node inside this process: executes the jobs that the scheduler gives it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

#include "devices/fifo_runs.hpp"
#include "devices/lane_queues.hpp"
#include "devices/node.hpp"
#include "devices/node_parts.hpp"

namespace ferrule::devices {

/// Puts fifo and pinned execution together. Thread-safe.
class local_node final : public node {
  public:
    explicit local_node(node_parts& parts)
        : parts_(parts)
        , pinned_(parts)
        , fifo_(parts) {}

    bool push(const entry_ptr& entry) override;
    void wake(const entry_ptr& entry) override;

    [[nodiscard]] bool has(const std::string& key) const override { return pinned_.has(key); }

    [[nodiscard]] model::node_info info() const override;
    [[nodiscard]] std::vector<model::session_info> sessions() const override;
    result<void> close_session(const std::string& id, bool force) override;
    asio::awaitable<void> stop(base::duration limit) override;

  private:
    node_parts& parts_;
    lane_queues pinned_;
    fifo_runs fifo_;
};

} // namespace ferrule::devices
