// A running server with a few routes, for tests over real sockets.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "config/settings.hpp"
#include "http/dispatcher.hpp"
#include "http/server.hpp"
#include "runtime/io.hpp"

namespace ferrule::http_test {

/// Tokens that the fixture knows: `viewer-token`, `operator-token`, `admin-token`.
std::shared_ptr<const model::token> recognise(std::string_view text, base::wall_time now);

/// Something that a test waits for; fails by exception after a long time.
class flag {
  public:
    void raise();
    void wait();

  private:
    std::mutex mutex_;
    std::condition_variable raised_;
    bool is_raised_ = false;
};

/// The routes: GET /hello, POST /echo (JSON body as it came), GET /items/{id}, GET /big (4 MiB), GET /throws, GET /held
/// (answers after `release`), GET /forever (waits until it is cancelled), GET
/// /patient (waits for `release` as long as its client is there), GET /admin, /operator, /viewer (for these
/// roles), GET /ticks (a stream: one "tick" at once, then one after `release`, then the end) and GET /flood (a stream
/// without end).
class fixture {
  public:
    explicit fixture(config::http_settings wanted = settings(), unsigned threads = 1);
    ~fixture();

    /// One free port of loopback.
    static config::http_settings settings();

    [[nodiscard]] std::string address() const { return server->addresses().front(); }

    /// Runs server.stop and waits for its end.
    void stop(base::duration grace);

    runtime::io loop;
    flag held;                             ///< /held or the second tick waits now.
    flag let_go;                           ///< A stream's producer or /forever has ended.
    std::atomic<std::uint64_t> written{0}; ///< Bytes that /flood has got rid of.
    std::atomic<int> answered{0};
    void release();

    std::unique_ptr<http::dispatcher> app;
    std::unique_ptr<http::server> server;

  private:
    http::router routes();

    struct gate;
    std::shared_ptr<gate> gate_;
    bool stopped_ = false;
};

} // namespace ferrule::http_test
