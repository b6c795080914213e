// What the link between an agent and a controller offers to the services above it, at either end.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::fleet {

/// Takes a message of one kind. `peer` is the agent's name at the controller and the controller's id at an agent; both
/// are what the certificate says, never what the message claims. Called on the link's executor, in the order in which
/// the other end sent.
using message_handler = std::function<void(const std::string& peer, const base::json& body)>;

/// As above for what the other end keeps until it is acknowledged: `taken` is to be called once it is on disk here, and
/// may be called later and from any thread. A delivery that was not acknowledged comes again, so taking one twice must
/// change nothing.
using delivery_handler =
    std::function<void(const std::string& peer, const base::json& body, std::function<void()> taken)>;

/// The controller's end: all connected agents.
class agents_link {
  public:
    virtual ~agents_link() = default;

    /// Handlers are set before the link starts; one for each kind.
    virtual void on_message(std::string kind, message_handler take) = 0;
    virtual void on_delivery(std::string kind, delivery_handler take) = 0;
    /// Called each time an agent has connected and greeted, after which `send` reaches it.
    virtual void on_connected(std::function<void(const std::string& agent)> hear) = 0;
    virtual void on_disconnected(std::function<void(const std::string& agent)> hear) = 0;

    /// Sends now or never; `body` is JSON text. False when the agent is not connected, or takes so little that its
    /// queue is full. Thread-safe.
    virtual bool send(const std::string& agent, std::string_view kind, std::string body) = 0;
};

/// An agent's end: the controller it is connected to, if any.
class controller_link {
  public:
    virtual ~controller_link() = default;

    virtual void on_message(std::string kind, message_handler take) = 0;
    virtual void on_connected(std::function<void(const std::string& controller)> hear) = 0;
    virtual void on_disconnected(std::function<void()> hear) = 0;

    /// Sends now or never: what is worth nothing later, such as output as it comes. False when no controller is
    /// connected or the queue is full. Thread-safe.
    virtual bool send(std::string_view kind, std::string body) = 0;

    /// Keeps it on this agent's disk and sends it until a controller has acknowledged it, across restarts, in order.
    /// `kept` comes once it is on disk, or could not be written. Thread-safe.
    virtual void deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) = 0;
};

} // namespace ferrule::fleet
