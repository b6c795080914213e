// How an HTTP probe shows who it is, and which proxy it goes through.
#pragma once

#include "probes/blackbox/options.hpp"

namespace ferrule::probes::blackbox {

/// `basic_auth`, `authorization`, `bearer_token` and `bearer_token_file`; at most one of them.
void read_logins(map_reader& from, section& to);
/// `proxy_url`, `proxy_connect_header` and `skip_resolve_phase_with_proxy`.
void read_proxy(map_reader& from, section& to);

} // namespace ferrule::probes::blackbox
