// What the link between an agent and a controller offers to the services above it, at either end.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::fleet {

/// Takes a message of one kind. `peer` is the agent's name at the controller and the controller's id at an agent; both
/// are what the certificate says, never what the message claims. Called in the order in which the other end sent, on
/// that connection's executor; handlers of different agents may run at the same time when the loop has several threads.
/// Must not block.
using message_handler = std::function<void(const std::string& peer, const base::json& body)>;

/// As above for what the other end keeps until it is acknowledged: `taken` is to be called once it is on disk here, and
/// may be called later, from any thread, and after the connection has gone. Acknowledgements go out in the order of
/// arrival, so one that is never given holds back those behind it; what was not acknowledged comes again after a while
/// or on the next connection. Taking one twice must therefore change nothing.
using delivery_handler =
    std::function<void(const std::string& peer, const base::json& body, std::function<void()> taken)>;

/// The controller's end: all connected agents. Handlers and features are set before it starts.
class agents_link {
  public:
    virtual ~agents_link() = default;

    /// One for each kind; a second one for the same kind throws std::logic_error. A message of a kind without a handler
    /// is answered with `unsupported`, which harms nothing else.
    virtual void on_message(std::string kind, message_handler take) = 0;
    virtual void on_delivery(std::string kind, delivery_handler take) = 0;
    /// Called each time an agent has connected and greeted, after which `send` reaches it. Any number may hear.
    virtual void on_connected(std::function<void(const std::string& agent)> hear) = 0;
    /// Called once for each on_connected. A newer connection of the same name replaces the older one: then this comes
    /// before the on_connected of the new one.
    virtual void on_disconnected(std::function<void(const std::string& agent)> hear) = 0;
    /// Adds a name to what the greeting offers, such as `exec/1`.
    virtual void offer(std::string feature) = 0;

    /// Sends now or never; `body` is JSON text. False when the agent is not connected, or takes so little that its
    /// queue is full. Thread-safe.
    virtual bool send(const std::string& agent, std::string_view kind, std::string body) = 0;
    [[nodiscard]] virtual bool is_connected(const std::string& agent) const = 0;
    /// Whether the agent is connected and offered this feature in its greeting. Thread-safe.
    [[nodiscard]] virtual bool has_feature(const std::string& agent, std::string_view feature) const = 0;
};

/// An agent's end: the controller it is connected to, if any. Handlers and features are set before it starts.
class controller_link {
  public:
    virtual ~controller_link() = default;

    virtual void on_message(std::string kind, message_handler take) = 0;
    virtual void on_connected(std::function<void(const std::string& controller)> hear) = 0;
    virtual void on_disconnected(std::function<void()> hear) = 0;
    /// Adds a name to what the greeting offers, such as `exec/1`.
    virtual void offer(std::string feature) = 0;

    /// Sends now or never: what is worth nothing later, such as output as it comes. False when no controller is
    /// connected or the queue is full. Thread-safe.
    virtual bool send(std::string_view kind, std::string body) = 0;
    /// Whether the connected controller offered this feature. Thread-safe.
    [[nodiscard]] virtual bool has_feature(std::string_view feature) const = 0;

    /// Keeps it on this agent's disk and sends it until a controller has acknowledged it, across restarts, in order.
    /// `body` is JSON text of at most 1 MiB. `kept` comes on the loop once it is on disk, or could not be written. When
    /// the spool is full the oldest goes and is counted; the controller is told how many were lost. A controller that
    /// does not know the kind makes it lost too. Thread-safe.
    virtual void deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) = 0;
    /// Called, on any thread, when deliveries were dropped that perhaps no controller has. Any number may hear.
    virtual void on_lost(std::function<void()> hear) = 0;
};

/// Messages larger than this are refused at either end.
inline constexpr std::size_t longest_message = std::size_t{2} << 20U;
inline constexpr std::size_t longest_delivery = std::size_t{1} << 20U;

} // namespace ferrule::fleet
