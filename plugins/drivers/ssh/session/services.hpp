// SPDX-License-Identifier: Apache-2.0
// What the sessions of one instance share.
#pragma once

#include "ssh/hostkey/host_key_store.hpp"
#include "ssh/platform/platform.hpp"
#include "ssh/session/handshake_slots.hpp"
#include "ssh/session/outer_links.hpp"
#include "ssh/session/target.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace ferrule::ssh {

/// Compiled platforms by their JSON text, so that thousands of sessions share a few.
class platform_cache {
  public:
    /// Fails with invalid_platform. An empty text gives the generic platform.
    sdk::result<std::shared_ptr<const platform>> get(const std::string& json);

  private:
    std::unordered_map<std::string, std::weak_ptr<const platform>> known_;
};

struct services {
    explicit services(sdk::strand& h)
        : home(h) {}

    sdk::strand& home;
    hop_options defaults;
    std::shared_ptr<host_key_store> host_keys = std::make_shared<host_key_store>();
    platform_cache platforms;
    handshake_slots handshakes;
    outer_links outers;
};

} // namespace ferrule::ssh
