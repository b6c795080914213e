// Makes records durable in groups.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/backend.hpp"
#include "store/record.hpp"
#include "store/write_queue.hpp"

namespace ferrule::store {

namespace asio = boost::asio;

struct writer_limits {
    std::size_t queue_bytes = std::size_t{64} * 1024 * 1024;
    std::size_t batch_records =
        4096; ///< More are cut into several transactions, so that the first need not wait for all.
    std::uint32_t expire_at_once = 500;
};

/// One thread that owns the writing side of a backend. It commits at once when it is idle, and then takes everything
/// that was queued meanwhile as one transaction: no timer, no delay. Each group comes back to the loop with one post.
/// Records are written in the order of the calls.
///
/// A call that is alone is written on the loop, if the backend can do that without waiting: two changes of the thread
/// would take several times as long as the record. Whether it is alone is known once the loop has gone round and
/// nothing came along.
///
/// When a transaction fails for a reason that trying again cannot help, its calls are written one by one, so that a bad
/// record fails alone; otherwise all of them fail. Either way the writer goes on.
class writer {
  public:
    /// Completions run on `on`; backend, executor and clock must outlive the writer.
    writer(backend& to, asio::any_io_executor on, const base::clock& time, writer_limits limits = {});
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;
    ~writer();

    /// Queues a write; `done` runs on the executor once it is durable or has failed: `overloaded` (retryable) when the
    /// queue is full, `conflict` when an insert found its key taken, `stopping` after stop, or the store's own error.
    void write(record one, completion done);
    /// All in one transaction. A `conflict` leaves out the inserts that it concerns and keeps the others.
    void write(std::vector<record> all, completion done);
    /// The same, resuming on the caller's executor.
    asio::awaitable<result<void>> put(record one);
    asio::awaitable<result<void>> put(std::vector<record> all);
    /// Nobody waits; a failure is logged and counted.
    void put_later(record one);

    /// Removes expired records between the next groups.
    void maintain();
    /// Takes nothing new, writes what is queued, flushes, ends the thread. [may block]
    void stop();

    struct figures {
        std::uint64_t records = 0; ///< Written.
        std::uint64_t batches = 0;
        std::uint64_t failed = 0;  ///< Records that could not be written.
        std::uint64_t expired = 0; ///< Records removed because their time was over.
    };

    [[nodiscard]] figures counted() const noexcept;

  private:
    struct finished {
        completion done;
        result<void> outcome;
    };

    struct tally {
        std::atomic<std::uint64_t> records{0};
        std::atomic<std::uint64_t> batches{0};
        std::atomic<std::uint64_t> failed{0};
        std::atomic<std::uint64_t> expired{0};
    };

    struct look;

    look look_later();
    void take(write_queue::verdict answer, look& later, completion& done);
    void write_lone(write_group& lone);
    void loop();
    void write_group_in_batches(write_group& group);
    void write_batch(std::span<const record> records, std::span<waiter> waiters, std::size_t first);
    void write_alone(std::span<const record> records, std::span<waiter> waiters, std::size_t first);
    /// Leaves in left_out_ which inserts found their key taken.
    [[nodiscard]] result<void> try_batch(std::span<const record> records);
    [[nodiscard]] result<void> outcome_of(std::span<const record> batch, std::size_t from, std::size_t to) const;
    void settle(waiter& of, result<void> outcome, std::size_t records);
    void hand_over();
    bool expire();
    void refuse(completion done, write_queue::verdict why);

    backend& to_;
    asio::any_io_executor on_;
    const base::clock& time_;
    const writer_limits limits_;
    std::shared_ptr<write_queue> queue_;
    // Of the thread that writes, the writer's own or the one that has the lone call.
    std::vector<finished> finished_;
    std::vector<std::uint8_t> left_out_; ///< Of the last batch that was written, for each record.
    tally tally_;
    std::thread thread_;
};

} // namespace ferrule::store
