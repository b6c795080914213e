// SPDX-License-Identifier: Apache-2.0
// Connections to jump hosts, shared by the sessions that go through them.
#pragma once

#include "ssh/session/link.hpp"

#include <ferrule/sdk/event.hpp>
#include <ferrule/sdk/task.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::ssh {

struct services;
struct hop;
struct credential;
struct connect_times;

/// A descriptor that leads to a host, and what must live as long as it is used.
struct way {
    int fd = -1;
    std::shared_ptr<void> carrier;
};

/// Keeps one connection for each jump host, login and way there, for as long as a session needs it. Those who come
/// while it is being set up wait for it.
class outer_links {
  public:
    /// The connection to the last of `hops`, through the others. All arguments outlive the call.
    sdk::task<sdk::result<std::shared_ptr<link>>> get(services& with, const std::vector<hop>& hops, std::size_t count,
                                                      const std::vector<credential>& logins, connect_times times);

    /// A descriptor that leads to hops[index], through the ones before it.
    sdk::task<sdk::result<way>> way_to(services& with, const std::vector<hop>& hops, std::size_t index,
                                       const std::vector<credential>& logins, connect_times times);

  private:
    struct entry {
        std::weak_ptr<link> connection;
        bool connecting = false;
        sdk::event changed;
    };

    class connecting_mark;

    std::map<std::string, std::shared_ptr<entry>> entries_;
};

} // namespace ferrule::ssh
