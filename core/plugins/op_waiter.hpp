// The side of an operation that waits for its end.
#pragma once

#include <ferrule/abi/abi.h>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "plugins/resumption.hpp"

namespace ferrule::plugins {

namespace asio = boost::asio;

/// Why an operation was told to end.
enum class end_reason : std::uint8_t { none, cancelled, deadline };

/// How an operation ended: what the plugin said, or the host's own error.
struct op_outcome {
    frl_status status = FRL_OK;
    /// The plugin's result or error as JSON text.
    std::string json;
    bool truncated = false;
    /// Set when it failed after it was told to end.
    end_reason asked = end_reason::none;
    /// Set when the host ended it.
    std::optional<error> failure;
};

/// Lives where the caller waits (in its coroutine's frame) from begin until the resumption is called. Output and end
/// come from any thread and are brought to the caller's executor in order: at most one handler of it is under way at a
/// time, so output that comes faster than it is consumed is joined, and nothing follows the resumption.
class op_waiter {
  public:
    using output = std::function<void(std::string_view)>;

    op_waiter(asio::any_io_executor on, output to);
    op_waiter(const op_waiter&) = delete;
    op_waiter& operator=(const op_waiter&) = delete;

    /// What to call at the end, on the executor. Before the operation starts.
    void arm(resumption then) { then_ = std::move(then); }

    /// [any thread], while the operation runs.
    void emit(std::string_view bytes);
    /// [any thread], once; the waiter may be gone when it returns.
    void complete(op_outcome outcome);

    /// After the resumption.
    [[nodiscard]] op_outcome& outcome() noexcept { return outcome_; }

  private:
    void schedule();
    void deliver();

    asio::any_io_executor on_;
    output to_;
    resumption then_;
    std::mutex mutex_;
    std::string pending_;
    op_outcome outcome_;
    bool scheduled_ = false;
    bool done_ = false;
};

} // namespace ferrule::plugins
