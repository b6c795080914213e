// A WebSocket over TLS that carries whole text messages.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "net/tls_stream.hpp"

namespace ferrule::net {

/// What one connection may take.
struct web_socket_limits {
    std::size_t message = std::size_t{2} << 20U;              ///< A longer one ends the connection.
    std::size_t message_of_stranger = std::size_t{64} << 10U; ///< The same of a peer that showed no certificate.
    std::size_t queue_bytes = std::size_t{8} << 20U;          ///< Waiting to be sent; more is refused.
    std::size_t queue_messages = 4096;
};

/// A message that may stand in the queues of many connections at once.
using shared_text = std::shared_ptr<const std::string>;

/// An open WebSocket (RFC 6455) of either side, without compression. Lives on the executor of its socket; `send`,
/// `close`, `cut_off` and `waiting` may be called from any thread. Whoever reads holds the object; it goes when nobody
/// does and nothing is being written.
class web_socket : public std::enable_shared_from_this<web_socket> {
  public:
    virtual ~web_socket() = default;

    /// The next text message. Fails with `closed` (the peer said so), `message_too_large`, `connection_lost`, or
    /// `protocol_error`. One at a time.
    virtual asio::awaitable<result<std::string>> read() = 0;
    /// Queues a message; false when the queue is full or the connection ends.
    virtual bool send(shared_text message) = 0;
    /// Asks the peer for a sign of life; `on_alive` hears it.
    virtual void ping() = 0;
    /// Called for each ping and pong that comes. Set before reading.
    virtual void on_alive(std::function<void()> hear) = 0;
    /// Sends what is queued and a close frame with a short reason, then ends; `read` fails soon after. A peer that does
    /// not take it is left to `cut_off`. From any thread.
    virtual void close(std::string reason) = 0;
    /// Ends at once.
    virtual void cut_off() = 0;

    [[nodiscard]] virtual asio::any_io_executor get_executor() = 0;
    [[nodiscard]] virtual std::size_t waiting() const = 0;
    /// What the peer's certificate said; none when it showed none.
    [[nodiscard]] virtual const std::optional<certificate_facts>& peer() const = 0;
    /// `address:port` of the other side.
    [[nodiscard]] virtual const std::string& address() const = 0;
    /// The reason in the peer's close frame, once `read` has failed with `closed`.
    [[nodiscard]] virtual std::string closed_because() const = 0;
};

/// Shakes hands as a server: TLS, then the upgrade. Runs on the stream's executor; the caller sets the time limit by
/// closing the stream. Fails with `tls_failed` or `upgrade_failed`; whose certificate was refused, and what the peer
/// refused, is told by `tls_stream::refused` and in the message.
asio::awaitable<result<std::shared_ptr<web_socket>>> accept_web_socket(std::shared_ptr<tls_stream> over,
                                                                       web_socket_limits limits);

/// The same as a client. `host` goes into the Host field.
asio::awaitable<result<std::shared_ptr<web_socket>>> upgrade_to_web_socket(std::shared_ptr<tls_stream> over,
                                                                           std::string host, web_socket_limits limits);

} // namespace ferrule::net
