// How the jobs on agents reach the other end; whoever composes the process puts a link behind it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ferrule::devices {

/// At a controller: sends to one of the agents, now or never. False when it is not connected or takes nothing at the
/// moment. Thread-safe, calls nobody back.
class agent_sender {
  public:
    virtual ~agent_sender() = default;
    virtual bool send(const std::string& agent, std::string_view kind, std::string body) = 0;
};

/// At an agent. Thread-safe, calls nobody back but with `kept`.
class controller_sender {
  public:
    virtual ~controller_sender() = default;
    virtual bool send(std::string_view kind, std::string body) = 0;
    /// Keeps it on disk until a controller has acknowledged it, in the order of the calls. `kept` comes later, on the
    /// loop.
    virtual void deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) = 0;
};

/// The longest message that fits through any link.
inline constexpr std::size_t longest_order = (std::size_t{2} << 20U) - 4096; // the link frames it

} // namespace ferrule::devices
