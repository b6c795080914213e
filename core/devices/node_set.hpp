// All nodes of a controller, and which of them a job goes to.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "devices/local_node.hpp"
#include "devices/placement.hpp"
#include "devices/remote_node.hpp"
#include "devices/waiting_room.hpp"

namespace ferrule::devices {

/// A device's pinned jobs stay with the node that has its queue or session; for all others the scheduler chooses among
/// the nodes that are online, that the device allows and that have its driver. Thread-safe. A node is never removed.
class node_set {
  public:
    /// `agents_come`: this process has a link over which agents may come.
    node_set(node_parts& parts, placement chooser, bool agents_come)
        : parts_(parts)
        , chooser_(std::move(chooser))
        , agents_come_(agents_come)
        , local_(parts)
        , waiting_(parts.table) {}

    [[nodiscard]] local_node& local() noexcept { return local_; }

    [[nodiscard]] waiting_room& waiting() noexcept { return waiting_; }

    /// No agent was ever heard of, so that there is nothing to choose.
    [[nodiscard]] bool only_local() const noexcept { return remotes_ == 0; }

    /// The agent of this name, made when it is new.
    remote_node& remote(const std::string& name, agent_sender& link);
    /// Null when it was never heard of.
    [[nodiscard]] remote_node* find(const std::string& name) const;
    [[nodiscard]] std::vector<remote_node*> remotes() const;

    /// The node for a job, or the waiting room when one that is allowed is expected back. `no_node_online` when there
    /// is none, `no_capacity` when none has room (both retryable), `plugin_not_found` when none has the driver.
    result<node*> choose(const resolved_target& at, model::strategy how);
    /// As choose, but for a device that has no node: one that has an open session to it comes before others.
    result<node*> choose_new(const resolved_target& at, model::strategy how);
    /// For a job of an earlier process, when no agent has been heard of yet: this process, if it may run the job, has
    /// the driver and no agent is expected that may run it too, or the waiting room.
    [[nodiscard]] node* place_at_start(const resolved_target& at);
    /// Queues the job with the node that has its device, or else with `chosen`, or if that is gone meanwhile in the
    /// waiting room. Under the lock that makes the order of jobs. False once nothing is taken any more.
    bool place(const entry_ptr& entry, node* chosen);

    /// Notes whose the device is.
    void settle(const std::string& key, node* at);
    /// The same for a session that the agent has, unless the device is another's already. Under the lock of the order.
    void settle_if_free(const std::string& key, remote_node& at);

    [[nodiscard]] std::vector<model::node_info> infos() const;
    [[nodiscard]] std::vector<model::session_info> sessions() const;
    result<void> close_session(const std::string& id, bool force);

  private:
    [[nodiscard]] node* home_of(const std::string& key);
    [[nodiscard]] result<void> may_stay(const node& home, const resolved_target& at) const;
    result<node*> choose_local(const resolved_target& at, model::strategy how);
    [[nodiscard]] result<node*> none_for(const resolved_target& at, bool returns);

    node_parts& parts_;
    placement chooser_;
    const bool agents_come_;
    local_node local_;
    waiting_room waiting_;
    std::atomic<std::size_t> remotes_{0};
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<remote_node>> agents_;
    std::unordered_map<std::string, remote_node*> homes_; // of devices; true while the node still has it
    std::size_t tidy_at_ = 1024;
};

} // namespace ferrule::devices
