// Driver plugins as the floors above use them.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace ferrule::plugins {

namespace asio = boost::asio;

class component_set;
class instance;

/// Bytes of a running command in the order of their coming; runs on the executor of the coroutine that waits in `exec`,
/// never after that coroutine has resumed.
using output_callback = std::function<void(std::string_view)>;
/// The session has ended by itself and must be closed. Comes at most once, on the executor of the coroutine that called
/// `open`, and not once `close` has been called.
using lost_callback = std::function<void(error)>;

/// How an operation ended well.
struct op_reply {
    op_reply();
    op_reply(std::string json_text, bool cut);
    op_reply(const op_reply&);
    op_reply(op_reply&&) noexcept;
    op_reply& operator=(const op_reply&);
    op_reply& operator=(op_reply&&) noexcept;
    ~op_reply();

    /// The plugin's result as JSON text; see driver.h or probe.h for its form.
    std::string json;
    /// Output went over the limit and the rest was dropped.
    bool truncated = false;
};

/// One open session of a driver. It keeps the instance, and so the build of the plugin, that opened it. All members may
/// be called from any executor; one operation at a time, except `close`.
///
/// An operation that reaches its deadline is cancelled and its end awaited for the grace period; then it fails with
/// `deadline`. Cancelling the coroutine does the same and gives `cancelled`. An operation that does not end within the
/// grace period fails with `plugin_unresponsive`; the session is lost then and the instance gets no new ones.
class driver_session {
  public:
    virtual ~driver_session() = default;
    [[nodiscard]] virtual std::uint64_t id() const noexcept = 0;
    /// What `open` completed with: {"banner"?,"prompt"?,"details"?} as text.
    [[nodiscard]] virtual const std::string& details() const noexcept = 0;
    /// Version of the plugin that serves it.
    [[nodiscard]] virtual const std::string& plugin_version() const noexcept = 0;

    /// Runs a command or a block of configuration; `request` as in driver.h. `output_limit` 0 = the setting's.
    virtual asio::awaitable<result<op_reply>> exec(std::string request, base::steady_time deadline,
                                                   output_callback on_output = {}, std::size_t output_limit = 0) = 0;
    /// Proves that the device still answers.
    virtual asio::awaitable<result<void>> keepalive(base::steady_time deadline) = 0;
    /// Ends what runs and closes. The session is gone afterwards, also when this fails. Calling it again gives success.
    /// A session that is destroyed without it is closed in the background.
    virtual asio::awaitable<result<void>> close(base::steady_time deadline) = 0;
};

/// The driver of one name. Loaded on the first `open`. A newer build of its file is used by sessions opened afterwards;
/// sessions on the older one go on, and its instance is destroyed after the last. Thread-safe.
class driver {
  public:
    virtual ~driver() = default;
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;

    /// Opens a session to `target`, JSON as in driver.h.
    virtual asio::awaitable<result<std::shared_ptr<driver_session>>>
    open(std::string target, base::steady_time deadline, lost_callback on_lost = {}) = 0;
};

} // namespace ferrule::plugins
