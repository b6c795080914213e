// Where jobs wait that no node can take at the moment.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "devices/job_table.hpp"
#include "devices/node.hpp"

namespace ferrule::devices {

/// A node that runs nothing: it keeps the order of the jobs of devices whose node is gone or has not come yet, until
/// the engine finds another. They can be cancelled and expire here as anywhere. Thread-safe.
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

    /// One job of each device, and all fifo jobs: the first that wait.
    [[nodiscard]] std::vector<entry_ptr> first() const;
    /// Takes all jobs of the device, or this fifo job, in their order.
    [[nodiscard]] std::vector<entry_ptr> take(const entry_ptr& first);

  private:
    void forget_dead(std::deque<entry_ptr>& queue);

    const job_table& table_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::deque<entry_ptr>> lanes_;
    std::deque<entry_ptr> fifo_;
    std::atomic<std::size_t> size_{0};
};

} // namespace ferrule::devices
