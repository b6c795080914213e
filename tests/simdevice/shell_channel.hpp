// A session channel: the shell or the exec request on it.
#pragma once

#include "simdevice/channel.hpp"
#include "simdevice/device.hpp"
#include "simdevice/shell.hpp"

#include <optional>

namespace ferrule::simdevice {

/// Carries bytes between the SSH channel and the shell's state machine, and keeps the shell's pauses.
class shell_channel final : public channel {
  public:
    shell_channel(channel_host& host, ssh_channel handle, device& target, std::uint64_t session, std::string user);
    ~shell_channel() override;

    /// Requests of the client; false: refused.
    bool request_pty(std::size_t width);
    bool start_shell();
    bool start_exec(const std::string& command);

    void resize(std::size_t width) { width_ = width; }

    bool service() override;

  private:
    bool open_shell();
    bool follow(const shell_outcome& outcome);
    void exited(int status);

    device& device_;
    std::uint64_t session_;
    std::string user_;
    bool pty_ = false;
    bool exec_ = false;
    std::size_t width_ = 80;
    std::optional<shell> shell_;
    reactor::timer_id timer_ = 0;
    reactor::timer_id idle_timer_ = 0;

    void restart_idle_timer();
};

} // namespace ferrule::simdevice
