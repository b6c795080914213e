// Waiting on behalf of a client.
#pragma once

#include <utility>

#include "http/presence.hpp"
#include "http/request.hpp"

namespace ferrule::api {

/// Runs `waiting` until it ends, or until the client of `asked` hangs up or the server begins to stop: then it is
/// cancelled, and the handler goes on with what there is. A request without a connection of its own waits to the end.
inline http::asio::awaitable<void> while_asked(const http::request& asked, http::asio::awaitable<void> waiting) {
    if (asked.client == nullptr)
        return waiting;
    return asked.client->while_there(std::move(waiting));
}

} // namespace ferrule::api
