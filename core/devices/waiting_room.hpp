// Where jobs wait that no node can take at the moment.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "devices/job_table.hpp"
#include "devices/node.hpp"

namespace ferrule::devices {

/// A node that runs nothing: it keeps the order of the jobs of devices whose node is gone or has not come yet, until
/// the engine finds another. They can be cancelled and expire here as anywhere. What can be taken by the same nodes
/// waits in one group, so that one look at its first tells about all. Thread-safe.
class waiting_room final : public node {
  public:
    explicit waiting_room(const job_table& table)
        : table_(table) {}

    bool push(const entry_ptr& entry) override;
    void wake(const entry_ptr& entry) override;
    [[nodiscard]] bool has(const std::string& key) const override;
    [[nodiscard]] model::node_info info() const override;

    [[nodiscard]] std::vector<model::session_info> sessions() const override { return {}; }

    result<void> close_session(const std::string& id, bool force) override;
    asio::awaitable<void> stop(base::duration limit) override;

    /// Without the lock, so that those who never need it pay nothing.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    [[nodiscard]] std::vector<std::string> groups() const;
    /// The job that has waited longest in the group, be it fifo or the first of its device. None when none is left.
    [[nodiscard]] entry_ptr first(const std::string& group);
    /// The first job of the device; none when it has none here.
    [[nodiscard]] entry_ptr first_of(const std::string& key) const;
    /// Takes all jobs of its device, or this fifo job, in their order.
    [[nodiscard]] std::vector<entry_ptr> take(const entry_ptr& first);

  private:
    struct lane {
        std::deque<entry_ptr> queue;
        entry_ptr marker; ///< What stands for it in its group.
    };

    struct group {
        std::deque<entry_ptr> turns; ///< Fifo jobs, and markers of lanes.
        std::size_t dead = 0;        ///< Of them, at least.
    };

    [[nodiscard]] entry_ptr waits_for(const entry_ptr& turn) const;
    void leave(const entry_ptr& turn);
    void drop_lane(const std::string& key);

    const job_table& table_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, lane> lanes_;
    std::map<std::string, group> groups_;
    std::atomic<std::size_t> size_{0}; // of turns, the dead among them
};

} // namespace ferrule::devices
