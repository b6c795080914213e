// What a device saw: the evidence that tests assert on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::simdevice {

enum class entry_kind {
    command, ///< a line at the prompt of a shell
    reply,   ///< the answer to a question; secrets as `***`
    exec,    ///< the command of an exec request
};

/// One thing received, in the order of arrival at the device.
struct transcript_entry {
    std::uint64_t session = 0;
    entry_kind kind = entry_kind::command;
    std::string mode;
    std::string text;
};

/// One connection that reached SSH. Ids count from 1 in the order of acceptance and are unique in a device.
struct session_record {
    std::uint64_t id = 0;
    std::string user;
    std::string method; ///< what completed the login; empty: not logged in
    bool open = true;
    std::uint64_t commands = 0;
    std::uint64_t returns = 0;    ///< empty lines, the keepalive of the application layer
    std::uint64_t keepalives = 0; ///< global requests keepalive@openssh.com
    std::string end;              ///< why it is over, in words
};

/// Counters of a device since its start.
struct device_counters {
    std::uint64_t connections = 0; ///< accepted by TCP
    std::uint64_t connections_open = 0;
    std::uint64_t sessions_open = 0; ///< logged in and still open
    std::uint64_t logins = 0;
    std::uint64_t failed_logins = 0; ///< authentication attempts answered with failure
    std::uint64_t commands = 0;
    std::uint64_t returns = 0;
    std::uint64_t keepalives = 0;
    std::uint64_t forwards = 0; ///< direct-tcpip channels that were connected
};

/// The record of one device; written by its sessions, read by tests. Any thread.
class journal {
  public:
    explicit journal(std::size_t transcript_limit)
        : transcript_limit_(transcript_limit) {}

    std::uint64_t connected();
    void logged_in(std::uint64_t session, const std::string& user, const std::string& method);
    void login_failed(std::uint64_t session);
    void received(std::uint64_t session, entry_kind kind, std::string_view mode, std::string_view text);
    void returned(std::uint64_t session);
    void kept_alive(std::uint64_t session);
    void forwarded();
    void ended(std::uint64_t session, const std::string& why);

    std::vector<transcript_entry> transcript() const;
    std::vector<session_record> sessions() const;
    device_counters counters() const;
    void clear_transcript();

    /// Blocks until the counters satisfy `wanted`; false when that takes longer than `limit`.
    bool wait(const std::function<bool(const device_counters&)>& wanted, std::chrono::milliseconds limit) const;

  private:
    /// Closed sessions beyond this many are forgotten, oldest first.
    static constexpr std::size_t sessions_kept = 20'000;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::size_t transcript_limit_;
    std::vector<transcript_entry> transcript_;
    std::map<std::uint64_t, session_record> sessions_;
    device_counters counters_;
};

} // namespace ferrule::simdevice
