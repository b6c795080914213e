// The store of a running process.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/gate.hpp"
#include "runtime/io.hpp"
#include "store/backend.hpp"
#include "store/store.hpp"
#include "store/writer.hpp"

namespace ferrule::store {

/// The batched writer, reads on the blocking pool, and retention at an interval, over one backend. Made on any thread;
/// `stop` must have ended before it goes unless the loop no longer runs.
class open_store final : public store {
  public:
    struct options {
        writer_limits limits;
        base::duration maintain_every = std::chrono::minutes(1);
        base::duration read_grace = std::chrono::seconds(10); ///< How long stop waits for reads under way.
    };

    /// Loop, pool and clock must outlive the store.
    open_store(std::unique_ptr<backend> over, runtime::io& loop, runtime::blocking_pool& pool,
               const base::clock& time = base::system_clock());
    open_store(std::unique_ptr<backend> over, runtime::io& loop, runtime::blocking_pool& pool, const base::clock& time,
               options wanted);
    ~open_store() override;

    void write(record one, completion done) override;
    void write(std::vector<record> all, completion done) override;
    asio::awaitable<result<void>> put(record one) override;
    asio::awaitable<result<void>> put(std::vector<record> all);
    /// Nobody waits; a failure is logged and counted.
    void put_later(record one);
    asio::awaitable<result<std::optional<row>>> get(std::string collection, std::string key) override;
    asio::awaitable<result<std::vector<row>>> scan(query wanted) override;

    /// Removes what has expired now instead of at the next interval.
    void maintain() { writer_->maintain(); }

    [[nodiscard]] writer::figures counted() const noexcept { return writer_->counted(); }

    /// Takes nothing new, writes what is queued, waits for reads under way, flushes and closes. Every completion has
    /// been posted to the loop when it resumes. Later calls fail with `stopping`.
    asio::awaitable<void> stop();

  private:
    /// The timer of retention, on a strand of its own; outlives the store until its last handler has run.
    struct housekeeping {
        explicit housekeeping(runtime::strand on)
            : timer(std::move(on)) {}

        asio::steady_timer timer;
        writer* of = nullptr; ///< Null once the store has stopped.
    };

    static void arm(std::shared_ptr<housekeeping> held, base::duration every);

    const options options_;
    runtime::io& loop_;
    runtime::blocking_pool& pool_;
    std::shared_ptr<backend> backend_; ///< Shared with reads that outlast the grace of stop.
    std::unique_ptr<writer> writer_;
    runtime::gate reads_;
    std::shared_ptr<housekeeping> housekeeping_;
};

} // namespace ferrule::store
