// Puts the fleet's link behind the jobs that run on agents.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "devices/agent_sender.hpp"
#include "fleet/link.hpp"

namespace ferrule::app {

/// At a controller.
class agents_sender final : public devices::agent_sender {
  public:
    explicit agents_sender(fleet::agents_link& link)
        : link_(link) {}

    bool send(const std::string& agent, std::string_view kind, std::string body) override {
        return link_.send(agent, kind, std::move(body));
    }

  private:
    fleet::agents_link& link_;
};

/// At an agent.
class controllers_sender final : public devices::controller_sender {
  public:
    explicit controllers_sender(fleet::controller_link& link)
        : link_(link) {}

    bool send(std::string_view kind, std::string body) override { return link_.send(kind, std::move(body)); }

    void deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) override {
        link_.deliver(kind, std::move(body), std::move(kept));
    }

  private:
    fleet::controller_link& link_;
};

} // namespace ferrule::app
