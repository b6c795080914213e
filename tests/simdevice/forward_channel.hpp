// A direct-tcpip channel: the device as a jump host.
#pragma once

#include "simdevice/channel.hpp"
#include "simdevice/device.hpp"
#include "simdevice/ssh_handles.hpp"

#include <memory>

namespace ferrule::simdevice {

/// A TCP connection under way to the destination of a direct-tcpip request. Non-blocking; resolves no names.
class forward_connect {
  public:
    /// Numeric addresses, `localhost`, and names of simulated devices (whose own port is used whatever was asked for).
    /// -1 when the destination is none of these or refuses at once.
    static int begin(const std::string& host, int port, const port_lookup& devices);

    /// The outcome once the descriptor is writable.
    static bool succeeded(int fd);
};

/// Relays between an accepted channel and a connected socket, which it owns.
class forward_channel final : public channel, public watcher {
  public:
    forward_channel(channel_host& host, ssh_channel handle, int fd);
    ~forward_channel() override;

    bool service() override;
    void on_ready(std::uint32_t events) override;

  private:
    bool write_socket();
    bool read_socket();
    void watch_socket();

    int fd_;
    bool socket_eof_ = false;
    bool sent_eof_ = false;
    bool shut_down_ = false;
};

} // namespace ferrule::simdevice
