// The pinned queues of all devices, each with its lane.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "devices/lane.hpp"
#include "devices/node_parts.hpp"

namespace ferrule::devices {

/// Gives each device its lane and keeps its order: what is pushed first runs first. A lane exists while it has jobs or
/// a session. Thread-safe.
class lane_queues {
  public:
    explicit lane_queues(node_parts& parts)
        : parts_(parts) {}

    /// Puts a job at the end of its device's queue; it runs once it is durable and its turn has come. False after stop.
    bool push(const entry_ptr& entry);
    /// Looks again at the device's queue, because the job became durable or was withdrawn.
    void wake(const entry_ptr& entry);

    /// The device has a lane, so its work stays on this node.
    [[nodiscard]] bool has(const std::string& key) const;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::vector<model::session_info> sessions() const;
    /// False when no lane holds a session of this id.
    bool close_session(const std::string& id, bool force);

    /// Lanes finish the job that they run and close; `emptied` is called once all have. What is queued stays in the
    /// store.
    void stop(std::function<void()> emptied);

    // For lanes, on their strands.

    /// Claims the lane's next job when it may run; drops from the queue what others have claimed.
    [[nodiscard]] entry_ptr next(lane& asking);
    /// Lets an idle lane go; false when a job has come meanwhile.
    [[nodiscard]] bool retire(const lane& asking);
    /// Lets a stopped lane go, whatever is queued.
    void abandon(const lane& asking);

  private:
    void forget_dead(lane& of);
    void removed(std::unique_lock<std::mutex> lock);

    node_parts& parts_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<lane>> lanes_;
    std::function<void()> emptied_;
    bool stopping_ = false;
};

} // namespace ferrule::devices
