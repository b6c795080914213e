// The event loop and its threads.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <thread>
#include <vector>

namespace ferrule::runtime {

namespace asio = boost::asio;
using executor = asio::any_io_executor;
using strand = asio::strand<asio::io_context::executor_type>;

/// Owns the io_context and the threads that run it. Everything asynchronous in the process lives on it: sessions,
/// connections and plugin instances each on a strand of their own. One thread is the default and the fastest on small
/// machines; the code is correct for any number. An exception that escapes a handler is logged and the loop goes on.
class io {
  public:
    explicit io(unsigned threads = 1);
    io(const io&) = delete;
    io& operator=(const io&) = delete;
    /// Stops and joins.
    ~io();

    [[nodiscard]] asio::io_context& context() noexcept { return context_; }

    [[nodiscard]] executor get_executor() noexcept { return context_.get_executor(); }

    [[nodiscard]] strand make_strand() { return asio::make_strand(context_); }

    [[nodiscard]] unsigned threads() const noexcept { return threads_; }

    /// Runs the loop in the background; for tests and tools.
    void start();
    /// Runs the loop on this thread and threads() - 1 more until stop().
    void run();
    /// Ends run(); safe from any thread and from handlers. What has not run yet is dropped when the object goes.
    void stop();
    /// Ends and waits for the background threads.
    void join();

  private:
    void loop();

    unsigned threads_;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::vector<std::jthread> pool_;
};

} // namespace ferrule::runtime
