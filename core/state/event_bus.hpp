// Tells whoever listens what happens, without ever waiting for a listener.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "runtime/event.hpp"

namespace ferrule::state {

namespace asio = boost::asio;

/// One event, shared by all its subscribers. `data` is JSON text. `id` ascends over the life of the bus.
struct event {
    std::uint64_t id = 0;
    std::string topic; ///< Such as `job`, `job.output` or `check.state`;
                       ///< api/events.cpp has them all.
    std::string key;   ///< What it is about, such as the job's id.
    std::string data;
};

using event_ptr = std::shared_ptr<const event>;

class event_bus;

/// A listener's queue. `next` gives the events in order; when the listener is too slow for its limits the queue is
/// emptied and `lagged` says how many were lost, so that it can say so and start anew. What a resumption brings does
/// not count towards the limit. Destroying it ends the subscription. next() on the executor it was made with.
class subscription {
  public:
    ~subscription();
    /// The events waiting, at least one; empty when `deadline` passed or the subscription was closed.
    asio::awaitable<std::vector<event_ptr>> next(base::steady_time deadline);
    [[nodiscard]] std::uint64_t lagged() const;
    [[nodiscard]] bool closed() const;
    /// Ends a waiting next(); from any thread.
    void close();

  private:
    friend class event_bus;
    struct shared;
    explicit subscription(std::shared_ptr<shared> inner);
    std::shared_ptr<shared> inner_;
};

/// Fan-out in memory. publish is cheap when nobody listens, never blocks on a listener, and keeps the last events of
/// each topic but those that end in `.output` for resume by id, up to a number and an amount of memory. Thread-safe.
class event_bus {
  public:
    using filter = std::function<bool(const event&)>;

    /// Limits of what is kept and of each listener's queue; the bytes hold for either by itself. Without a history
    /// nobody can resume.
    struct limits {
        std::size_t history = 4096; ///< Events.
        std::size_t queue = 1024;   ///< Events.
        std::size_t bytes = std::size_t{16} << 20U;
    };

    event_bus();
    explicit event_bus(limits wanted);
    ~event_bus();

    /// Whether anyone would see an event, to skip making it. Stays true for a while after the last listener has gone,
    /// so that it finds what happened meanwhile when it comes back; a false is remembered as a gap, so that it learns
    /// that it missed something when it comes later.
    [[nodiscard]] bool wanted() noexcept;

    void publish(std::string topic, std::string key, std::string data);

    /// Listens from now on; with `after`, first the kept events with a higher id. `queue_limit` 0 = the bus's own.
    [[nodiscard]] std::unique_ptr<subscription> subscribe(asio::any_io_executor on, filter wanted,
                                                          std::optional<std::uint64_t> after = std::nullopt,
                                                          std::size_t queue_limit = 0);
    /// Closes every subscription, for shutdown.
    void close();
    [[nodiscard]] std::uint64_t last_id() const;

    /// How long `wanted` stays true without a listener.
    static constexpr base::duration linger = std::chrono::seconds(60);

  private:
    void remove_ended();
    void keep(const event_ptr& happened);

    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<subscription::shared>> subscriptions_;
    std::deque<event_ptr> history_;
    std::size_t history_bytes_ = 0;
    const limits limits_;
    std::uint64_t next_id_ = 1;
    std::uint64_t forgotten_ = 0; ///< Up to this id events may have been lost to those who resume.
    bool closed_ = false;
    std::atomic<std::size_t> listeners_{0};
    std::atomic<std::int64_t> until_{
        0}; ///< Count of the steady clock up to which events are kept for the last listener.
    std::atomic<bool> gap_{false};
};

} // namespace ferrule::state
