// SPDX-License-Identifier: Apache-2.0
// A connection through a jump host: an SSH channel that looks like a descriptor.
#pragma once

#include "ssh/session/link.hpp"

#include <ferrule/sdk/task.hpp>

#include <libssh/callbacks.h>

#include <cstdint>
#include <memory>
#include <string>

namespace ferrule::ssh {

/// Relays between a direct-tcpip channel on the outer connection and one end of a socket pair; the inner connection
/// gets the other end. What one side cannot take at once waits in a backlog. Belongs to the strand of the outer
/// connection, which it keeps open.
class forward {
  public:
    /// Fails with connection_refused, host_unreachable, jump_refused, connect_timeout, session_lost, cancelled. `where`
    /// is what messages call the goal.
    static sdk::task<sdk::result<std::shared_ptr<forward>>> open(sdk::strand& home, std::shared_ptr<link> outer,
                                                                 std::string host, std::uint16_t port,
                                                                 std::string where, sdk::time_ns deadline);

    forward(sdk::strand& home, std::shared_ptr<link> outer);
    forward(const forward&) = delete;
    forward& operator=(const forward&) = delete;
    ~forward();

    /// The inner connection's end, which the caller owns from now on.
    int take_fd() noexcept;

  private:
    static int on_data(ssh_session session, ssh_channel channel, void* data, uint32_t length, int is_stderr,
                       void* self);
    static void on_events(void* arg, std::uint32_t events) noexcept;
    static void on_outer(void* arg);

    void start_relay();
    void read_inner();
    void write_inner();
    void write_outer();
    void arm();
    void end() noexcept;
    void unwatch() noexcept;

    sdk::strand& home_;
    std::shared_ptr<link> outer_;
    ssh_channel channel_ = nullptr;
    ssh_channel_callbacks_struct callbacks_{};
    int ours_ = -1;
    int theirs_ = -1;
    frl_watch watch_ = 0;
    std::uint32_t armed_ = 0;
    std::string to_inner_;
    std::string to_outer_;
};

} // namespace ferrule::ssh
