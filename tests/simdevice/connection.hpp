// One SSH connection, server side, driven by readiness of its descriptor.
#pragma once

#include "simdevice/authenticator.hpp"
#include "simdevice/channel.hpp"
#include "simdevice/device.hpp"
#include "simdevice/reactor.hpp"
#include "simdevice/ssh_handles.hpp"

#include <libssh/callbacks.h>

#include <list>
#include <memory>

namespace ferrule::simdevice {

class shell_channel;
class connection;
struct pending_forward;

/// Owns connections; told when one is over.
class connection_owner {
  public:
    virtual ~connection_owner() = default;
    virtual void over(connection& which) = 0;
};

/// From the TCP accept to the end. Every function runs on the reactor's thread; nothing in it blocks:
/// the session is non-blocking, messages are fetched from libssh's queue and answered when their time has come.
class connection final : public watcher, public channel_host {
  public:
    connection(connection_owner& owner, reactor& loop, device& target, int fd);
    ~connection() override;

    void begin();
    void on_ready(std::uint32_t events) override;

    device& target() { return device_; }

    /// Ends the connection now, whatever was still to be sent.
    void drop(bool reset, const std::string& why);
    /// Stops or goes on reading and writing, while TCP stays up.
    void set_frozen(bool frozen);

    void wake() override { pump(); }

    void drop_after_flush(bool reset, const std::string& why) override;
    bool writable() const override;

    reactor& loop() override { return loop_; }

  private:
    enum class phase { greeting, key_exchange, serving, closing, over };

    void greet();
    void start_ssh();
    void pump();
    bool pump_once();
    bool service_channels();
    bool closed() const;
    void watch();
    void discard_input();
    void handle(message_handle message);
    void handle_auth(message_handle message);
    void answer_auth(message_handle message);
    void reply(message_handle message, const verdict& given, const std::string& user);
    void ask(ssh_message message, const challenge_spec& round);
    void set_methods(const std::string& user);
    void send_banner();
    void handle_open(message_handle message);
    void finish_forward(pending_forward& waiting);
    void handle_channel_request(message_handle message);
    shell_channel* shell_of(ssh_channel handle);
    /// Sends FIN and reads on until the client's: closing with unread input would send RST, and that discards
    /// output which the client has not got yet.
    void say_farewell();
    void record_end(const std::string& why);
    void finish(const std::string& why);

    static void on_global_request(ssh_session session, ssh_message message, void* self);

    connection_owner& owner_;
    reactor& loop_;
    device& device_;
    int fd_;
    std::uint64_t id_ = 0;
    phase phase_ = phase::greeting;
    bool pumping_ = false;
    bool frozen_ = false;
    bool banner_sent_ = false;
    bool dropping_ = false;
    bool reset_ = false;
    bool ended_ = false;
    std::string end_;
    std::string user_; ///< of the latest authentication request
    authenticator gate_;
    ssh_callbacks_struct callbacks_{};
    session_handle session_;
    message_handle held_;               ///< an authentication request whose answer is delayed
    reactor::timer_id timer_ = 0;       ///< the delay of greeting or authentication
    reactor::timer_id again_timer_ = 0; ///< more to do, after the other connections had their turn
    std::list<std::unique_ptr<pending_forward>> forwards_;
    std::list<std::unique_ptr<channel>> channels_;
};

} // namespace ferrule::simdevice
