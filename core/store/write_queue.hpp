// Records on their way to the writer's thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "base/error.hpp"
#include "store/record.hpp"

namespace ferrule::store {

using completion = std::function<void(result<void>)>;

/// One call's share of a group of records.
struct waiter {
    std::size_t end = 0; ///< Its records lie between the previous waiter's end and this.
    completion done;     ///< Empty when nobody waits.
};

/// What was queued since the last time somebody looked.
struct write_group {
    std::vector<record> records;
    std::vector<waiter> waiters;
    std::size_t bytes = 0;

    void clear() noexcept;
};

/// Bounded in bytes; what has been taken counts until it is given back, so that the bound holds for all memory that
/// waiting writes use. `add` from any thread, the rest from the writer's. One short lock a call; the reader is woken
/// only when it sleeps.
class write_queue {
  public:
    explicit write_queue(std::size_t limit_bytes)
        : limit_(limit_bytes) {}

    enum class verdict { taken, full, closed };

    /// Moves from the arguments only when the verdict is `taken`. A write that is larger than the limit is taken when
    /// no more than the limit waits.
    verdict add(record& one, completion& done);
    verdict add(std::vector<record>& all, completion& done);

    /// Asks for a round of maintenance.
    void ask_maintenance();
    /// Nothing more is taken; `wait` ends once all is out.
    void close();

    /// Waits for records, a request for maintenance or the end, and swaps the records into `into`, which must be clear.
    struct signal {
        bool maintain = false;
        bool closed = false;
    };

    signal wait(write_group& into, bool poll_only);
    /// The bytes of a group are written, or have failed.
    void give_back(std::size_t bytes);

  private:
    [[nodiscard]] verdict admit(std::size_t bytes) const noexcept;
    void wake(std::unique_lock<std::mutex>& lock);

    const std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    write_group queued_;
    std::size_t taken_bytes_ = 0;
    bool sleeping_ = false;
    bool maintain_ = false;
    bool closed_ = false;
};

} // namespace ferrule::store
