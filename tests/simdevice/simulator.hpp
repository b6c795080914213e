// Simulated SSH devices inside a test or a bench: the control interface.
#pragma once

#include "simdevice/journal.hpp"
#include "simdevice/spec.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::simdevice {

/// Gives tests real SSH counterparts that do what no real device can be told to do: hang, page, drop, lie.
///
/// Owns its threads, listeners and connections; the destructor ends them all. Every function may be called from any
/// thread; those that name a device throw std::out_of_range for one that does not exist.
class simulator {
  public:
    /// Listens for every device. Throws std::invalid_argument for a script that makes no sense, and
    /// std::system_error for a port that cannot be had. Thousands of sessions need no more than one thread.
    explicit simulator(std::vector<device_spec> devices, std::size_t threads = 1);
    ~simulator();
    simulator(const simulator&) = delete;
    simulator& operator=(const simulator&) = delete;

    std::uint16_t port(const std::string& device) const;
    std::map<std::string, std::uint16_t> ports() const;

    /// What the device received, in the order of arrival over all its sessions.
    std::vector<transcript_entry> transcript(const std::string& device) const;
    /// The texts of the shell and exec commands in it; answers to questions and empty lines left out.
    std::vector<std::string> commands(const std::string& device) const;
    std::vector<session_record> sessions(const std::string& device) const;
    device_counters counters(const std::string& device) const;
    std::size_t sessions_open(const std::string& device) const;
    void clear_transcript(const std::string& device);

    /// Blocks until the device's counters are as wanted; false when that takes longer than `limit`.
    bool wait_until(const std::string& device, const std::function<bool(const device_counters&)>& wanted,
                    std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

    /// Ends every connection to the device without an SSH goodbye; with `reset` by RST. Listening goes on.
    void drop_all(const std::string& device, bool reset = false);
    /// New host keys for the connections to come.
    void change_host_key(const std::string& device);
    /// As in known_hosts: `type base64`, one per key.
    std::vector<std::string> host_keys(const std::string& device) const;
    /// A frozen device keeps its TCP connections, and takes new ones, but neither reads nor writes.
    void set_frozen(const std::string& device, bool frozen);
    /// A device that does not listen refuses connections; open ones stay. It comes back on the same port.
    void set_listening(const std::string& device, bool listening);

    /// Ends all connections and threads; the records stay readable. The destructor does it too.
    void stop();

  private:
    class implementation;
    std::unique_ptr<implementation> implementation_;
};

} // namespace ferrule::simdevice
