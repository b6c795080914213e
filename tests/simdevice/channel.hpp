// What a connection does with one SSH channel.
#pragma once

#include "simdevice/reactor.hpp"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <string>
#include <string_view>

namespace ferrule::simdevice {

/// What a channel asks of the connection it belongs to.
class channel_host {
  public:
    virtual ~channel_host() = default;

    /// Has the channel serviced soon, from a timer or another descriptor.
    virtual void wake() = 0;
    /// Ends the TCP connection once what was written has left; with `reset` by RST.
    virtual void drop_after_flush(bool reset, const std::string& why) = 0;
    /// False while libssh still holds bytes that the socket did not take.
    virtual bool writable() const = 0;
    virtual reactor& loop() = 0;
};

/// Collects what arrives and sends what is due; libssh's callbacks only record, the work is done in `service`.
class channel {
  public:
    channel(channel_host& host, ssh_channel handle);
    virtual ~channel() = default;
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    ssh_channel handle() const { return handle_; }

    /// Does what can be done now; true when something was done, so that it is worth calling again.
    virtual bool service() = 0;

    bool finished() const { return finished_; }

    bool dropping() const { return dropping_; }

  protected:
    /// Writes as much of the outbox as the window takes; true when bytes went.
    bool send();
    /// Sends EOF and close; the connection then forgets the channel.
    void finish();
    void drop(bool reset, const std::string& why);

    channel_host& host_;
    std::string inbox_;
    std::string outbox_;
    bool peer_eof_ = false;
    bool peer_closed_ = false;

  private:
    static int on_data(ssh_session session, ssh_channel handle, void* data, std::uint32_t length, int is_stderr,
                       void* self);
    static void on_eof(ssh_session session, ssh_channel handle, void* self);
    static void on_close(ssh_session session, ssh_channel handle, void* self);

    ssh_channel handle_;
    ssh_channel_callbacks_struct callbacks_{};
    bool finished_ = false;
    bool dropping_ = false;
};

} // namespace ferrule::simdevice
