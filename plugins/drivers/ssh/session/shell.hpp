// SPDX-License-Identifier: Apache-2.0
// The interactive shell on an SSH connection: bytes in, bytes out.
#pragma once

#include "ssh/session/link.hpp"

#include <ferrule/sdk/task.hpp>

#include <libssh/callbacks.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ferrule::ssh {

struct terminal_size {
    std::string type = "vt100";
    std::uint16_t width = 511;
    std::uint16_t height = 24;
};

/// Owns the channel; keeps the connection. What the device sends waits in `inbox` until it is taken. Strand only.
class shell {
  public:
    /// Asks for a channel, a terminal and a shell. Fails with shell_refused, session_lost, auth_timeout or cancelled.
    /// `where` is for messages.
    static sdk::task<sdk::result<std::unique_ptr<shell>>> open(std::shared_ptr<link> on, terminal_size size,
                                                               std::string where, sdk::time_ns deadline);

    explicit shell(std::shared_ptr<link> on);
    shell(const shell&) = delete;
    shell& operator=(const shell&) = delete;
    ~shell();

    /// Sends as much as the device takes; the rest follows by itself.
    void send(std::string_view bytes);

    /// What has arrived since the last call.
    std::string take() { return std::exchange(inbox_, {}); }

    [[nodiscard]] bool has_input() const noexcept { return !inbox_.empty(); }

    /// The device has closed the shell, or the connection is gone.
    [[nodiscard]] bool ended() const;

    [[nodiscard]] link& on() const noexcept { return *on_; }

    /// Called when something arrived or the shell ended.
    void on_change(link::listener fn, void* arg) noexcept {
        changed_ = fn;
        changed_arg_ = arg;
    }

  private:
    static int on_data(ssh_session session, ssh_channel channel, void* data, uint32_t length, int is_stderr,
                       void* self);
    static void on_link(void* arg);

    void flush();

    std::shared_ptr<link> on_;
    ssh_channel channel_ = nullptr;
    ssh_channel_callbacks_struct callbacks_{};
    std::string inbox_;
    std::string outbox_;
    link::listener changed_ = nullptr;
    void* changed_arg_ = nullptr;
};

} // namespace ferrule::ssh
