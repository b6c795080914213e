// How a host becomes an agent of a fleet.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>

#include "config/fleet_settings.hpp"
#include "fleet/agent_identity.hpp"
#include "net/resolver.hpp"

namespace ferrule::fleet {

/// The name that this host gives itself; empty when it has none.
std::string host_name();

/// Shows the join token of `settings` to a controller that proves to belong to the token's authority, and keeps the
/// identity that it gets for it. A join whose answer was lost is repeated with the same key. Fails with `not_joined`
/// without a token, with the controller's reason, or with what came between; the token is then as good as before,
/// unless the reason says otherwise. `names` must outlive it.
boost::asio::awaitable<result<agent_identity>> join_fleet(net::resolver& names, identity_file into,
                                                          config::agent_settings settings, std::string controller);

} // namespace ferrule::fleet
