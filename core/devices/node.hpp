// Whatever can execute jobs: this process, or an agent.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "devices/job_entry.hpp"
#include "model/node.hpp"
#include "model/session.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Takes jobs in the order in which they are pushed and runs those of one device in that order. Thread-safe.
class node {
  public:
    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    virtual ~node() = default;

    /// Queues a job that may not be durable yet. False once the node takes nothing more.
    virtual bool push(const entry_ptr& entry) = 0;
    /// The job became durable, or someone else has claimed it. Not under a lock: it may run jobs.
    virtual void wake(const entry_ptr& entry) = 0;

    /// It has a queue or a session of this device, so the device's further work belongs here.
    [[nodiscard]] virtual bool has(const std::string& key) const = 0;
    [[nodiscard]] virtual model::node_info info() const = 0;
    [[nodiscard]] virtual std::vector<model::session_info> sessions() const = 0;
    /// `session_not_found` when there is none of this id here, `node_unreachable` when it cannot be told.
    virtual result<void> close_session(const std::string& id, bool force) = 0;

    /// Takes nothing new and waits for what runs in this process; what still runs at the limit is told to end. What is
    /// queued stays in the store for the next start.
    virtual asio::awaitable<void> stop(base::duration limit) = 0;
};

inline error no_such_session(const std::string& id) {
    return error("session_not_found", "there is no open pinned session " + id);
}

} // namespace ferrule::devices
