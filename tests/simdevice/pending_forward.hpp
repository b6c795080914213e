// A direct-tcpip request that waits for its TCP connection.
#pragma once

#include "simdevice/reactor.hpp"
#include "simdevice/ssh_handles.hpp"

#include <functional>

#include <unistd.h>

namespace ferrule::simdevice {

/// Owns the request and the descriptor under way; `ready` runs when the connect has an outcome.
struct pending_forward final : watcher {
    pending_forward(reactor& given_loop, message_handle given_request, int given_fd)
        : loop(given_loop)
        , request(std::move(given_request))
        , fd(given_fd) {}

    ~pending_forward() override {
        if (fd >= 0) {
            loop.forget(fd, *this);
            close(fd);
        }
    }

    void on_ready(std::uint32_t) override { ready(); }

    reactor& loop;
    message_handle request;
    int fd;
    std::function<void()> ready;
};

} // namespace ferrule::simdevice
