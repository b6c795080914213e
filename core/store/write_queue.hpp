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
/// waiting writes use. `wait` and `give_back` from the writer's thread, the rest from any. One short lock a call; the
/// reader is woken only when it sleeps.
///
/// Waking a thread costs more than writing one record. With `gathers` a reader that sleeps is therefore left asleep by
/// the first call: `add` answers `gathering`, and its caller has to look again soon, with `take_lone`. The second call
/// wakes the reader for both. So at any moment one of three looks after the records: the reader, once it is awake;
/// whoever was answered `gathering`; or whoever has the lone call out, who then wakes the reader for the rest.
class write_queue {
  public:
    explicit write_queue(std::size_t limit_bytes, bool gathers = false)
        : limit_(limit_bytes)
        , gathers_(gathers) {}

    enum class verdict { taken, gathering, full, closed };

    /// Moves from the arguments only when the verdict is `taken` or `gathering`. A write that is larger than the limit
    /// is taken when no more than the limit waits.
    verdict add(record& one, completion& done);
    verdict add(std::vector<record>& all, completion& done);

    /// The call that was gathered, if it is a single one, with few and small records; nobody else writes until
    /// `return_lone`. Otherwise null, and the reader has been woken if there is anything for it.
    [[nodiscard]] write_group* take_lone();
    /// Ends what take_lone began. Unless it was written it goes to the reader, before all that came later.
    void return_lone(bool written);

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
    [[nodiscard]] bool is_lone() const noexcept;
    [[nodiscard]] verdict added(std::unique_lock<std::mutex>& lock);
    void put_first(write_group& group);
    void wake(std::unique_lock<std::mutex>& lock);

    const std::size_t limit_;
    const bool gathers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    write_group queued_;
    write_group lone_;
    std::size_t taken_bytes_ = 0;
    bool sleeping_ = false;  ///< The reader waits, and nobody has woken it yet.
    bool gathering_ = false; ///< Somebody is going to call take_lone.
    bool lone_out_ = false;  ///< Between take_lone and return_lone.
    bool maintain_ = false;
    bool closed_ = false;
};

} // namespace ferrule::store
