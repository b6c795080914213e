// How one transfer reaches the chosen server.
#pragma once

#include <curl/curl.h>

#include <string>

#include "app/cli/api_client.hpp"

namespace ferrule::app::cli {

/// Sets address, proxy, trust and identity on a fresh handle. `unix:/path` goes over that socket; an address of this
/// machine never goes through a proxy, whatever the environment says, since the token would go there too.
void set_up_transfer(CURL* handle, const server_choice& server, const std::string& path);

/// Why there is no answer, and what to do about it.
error no_answer(const server_choice& server, CURLcode why);

} // namespace ferrule::app::cli
