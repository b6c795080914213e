// SPDX-License-Identifier: Apache-2.0
// One SSH connection on the host's loop: libssh without a single blocking call.
#pragma once

#include <ferrule/sdk/event.hpp>
#include <ferrule/sdk/strand.hpp>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferrule::ssh {

/// Owns a connected descriptor and the libssh session on it. libssh reads from the descriptor inside any of its calls,
/// so `settle` must follow each of them: it wakes whoever waits for what may have arrived, and watches for what is
/// needed next. Strand only.
class link {
  public:
    /// Takes the descriptor, which must be connected and non-blocking.
    link(sdk::strand& home, int fd);
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    ~link();

    [[nodiscard]] ssh_session raw() const noexcept { return session_; }

    /// Starts to watch the descriptor. Call once the options are set.
    void start();

    /// To follow every libssh call on this session: restores O_NONBLOCK, which libssh clears while it connects, and
    /// arms the watch.
    void settle();

    /// From now on libssh leaves the descriptor's flags alone, and packets may arrive unasked.
    void connected() noexcept { connecting_ = false; }

    /// A wait that ends when something happened on the connection.
    [[nodiscard]] sdk::event_wait activity(sdk::time_ns deadline) noexcept { return activity_.wait(deadline); }

    /// Reads what is there already, before silence is concluded: this process may not have run for a while. Tells
    /// nobody.
    void look();

    /// Bytes received so far: whether a call that said "again" got anywhere.
    [[nodiscard]] std::uint64_t received() const noexcept { return counter_.in_bytes; }

    [[nodiscard]] bool closed() const;

    /// libssh's own words for the last error.
    [[nodiscard]] std::string error_text() const;

    /// Registers an open channel, through which arriving packets are read.
    void add_channel(ssh_channel channel);
    void remove_channel(ssh_channel channel);

    /// Called, never inside libssh, whenever something was read or the connection ended. One for each user of a shared
    /// connection.
    using listener = void (*)(void* arg);
    void listen(listener fn, void* arg);
    void unlisten(void* arg) noexcept;

    /// Lets go of the descriptor for as long as another thread uses the session. While paused nothing here touches the
    /// host, so that the last owner may be that thread.
    void pause() noexcept { unwatch(); }

    void resume();

    /// Keeps what carries the connection, such as the channel through a jump host, until it is closed.
    void carried_by(std::shared_ptr<void> carrier) { carrier_ = std::move(carrier); }

    /// Ends the SSH session politely and closes the descriptor.
    void close() noexcept;

  private:
    static void on_events(void* arg, std::uint32_t events) noexcept;
    void pump();
    void pump_without_channel();
    void arm();
    void watch();
    void unwatch() noexcept;
    void notify();
    void restore_non_blocking() const noexcept;

    std::shared_ptr<void> carrier_; ///< goes last
    sdk::strand& home_;
    ssh_session session_ = nullptr;
    int fd_;
    frl_watch watch_ = 0;
    std::uint32_t armed_ = 0;
    bool connecting_ = true;
    bool told_end_ = false;
    std::uint64_t inode_ =
        0; ///< of the descriptor: libssh closes it in some cases, and the number may then be another's
    ssh_counter_struct counter_{};
    std::uint64_t noticed_ = 0;
    sdk::event activity_;
    std::vector<ssh_channel> channels_;
    std::vector<std::pair<listener, void*>> listeners_;
};

} // namespace ferrule::ssh
