// What a server's listeners and connections share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "config/settings.hpp"
#include "http/dispatcher.hpp"
#include "http/request_reader.hpp"
#include "runtime/gate.hpp"
#include "runtime/io.hpp"

namespace ferrule::http {

/// A connection as the server sees it. Both calls may come from any thread.
class live_connection {
  public:
    virtual ~live_connection() = default;
    /// Ends at once when nothing runs, otherwise after the response under way; a stream is ended.
    virtual void begin_stop() = 0;
    /// Ends whatever runs.
    virtual void cut_off() = 0;
};

/// Shared by shared_ptr, since connections may outlive the server object for a moment. Thread-safe.
struct server_state {
    server_state(runtime::io& on, dispatcher& to, config::http_settings with)
        : loop(on)
        , app(to)
        , wanted(std::move(with)) {}

    runtime::io& loop;
    dispatcher& app;
    const config::http_settings wanted;
    runtime::gate open; ///< A pass for each connection.
    std::atomic<std::size_t> streams{0};
    std::atomic<bool> stopping{false};

    void add(const std::shared_ptr<live_connection>& made);
    void remove(live_connection* gone);
    [[nodiscard]] std::vector<std::shared_ptr<live_connection>> all() const;

    [[nodiscard]] request_reader::limits reader_limits() const;
    /// The longest that a handler may take: what `?wait=` allows, or what the slowest work takes, and some more.
    [[nodiscard]] base::duration handler_limit() const;

    /// Every connection on a strand of its own; with one thread the loop itself is one already, and a real strand would
    /// only cost.
    [[nodiscard]] asio::any_io_executor connection_executor();

  private:
    mutable std::mutex mutex_;
    std::unordered_map<live_connection*, std::weak_ptr<live_connection>> live_;
};

} // namespace ferrule::http
