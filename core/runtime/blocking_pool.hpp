// Runs what blocks away from the event loop, a bounded amount of it.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// A few threads and a bounded queue for work that blocks: plugins of execution BLOCKING, key derivation, files.
/// Threads start with the first work, so that an idle daemon has none. Thread-safe.
class blocking_pool {
  public:
    /// At most `threads` at work and `queue_limit` items waiting.
    explicit blocking_pool(unsigned threads = 4, std::size_t queue_limit = 4096);
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;
    /// Finishes what is queued and joins.
    ~blocking_pool();

    /// Queues `work`; false when the queue is full or the pool has stopped. `work` must not throw.
    [[nodiscard]] bool submit(std::function<void()> work);
    /// Takes nothing new, finishes what is queued, joins.
    void stop();

  private:
    void loop();

    const unsigned limit_;
    const std::size_t queue_limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool stopped_ = false;
};

/// Runs `work` on the pool and resumes the caller on its own executor with what it returned. `work` returns a
/// result<T>; a full queue gives the error `overloaded` (retryable), an exception from `work` gives `internal`.
template <class T>
asio::awaitable<result<T>> offload(blocking_pool& pool, std::function<result<T>()> work) {
    std::optional<result<T>> outcome;
    auto start = [&pool, &outcome, &work](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto on = asio::get_associated_executor(*shared);
        auto finish = [shared, on] { asio::post(on, [shared] { (*shared)(); }); };
        auto run = [&outcome, &work, finish] {
            try {
                outcome.emplace(work());
            } catch (const std::exception& what) {
                outcome.emplace(error("internal", what.what()));
            } catch (...) {
                outcome.emplace(error("internal", "an unknown exception ended the work"));
            }
            finish();
        };
        if (!pool.submit(run)) {
            outcome.emplace(error("overloaded", "too much blocking work is waiting; try again in a moment", true));
            finish();
        }
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

} // namespace ferrule::runtime
