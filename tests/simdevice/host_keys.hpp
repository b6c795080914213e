// A device's identity: host keys, and the libssh object that hands them to new sessions.
#pragma once

#include "simdevice/spec.hpp"
#include "simdevice/ssh_handles.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace ferrule::simdevice {

/// Makes server sessions that carry the device's current host keys. Any thread.
class host_identity {
  public:
    /// Generates keys, or reads those of `host_key_files`; throws std::invalid_argument that names what is wrong.
    explicit host_identity(const device_spec& spec);

    /// New keys of the same types for the connections to come.
    void rotate();

    /// Takes the connected descriptor over into a non-blocking session; null when libssh refuses.
    session_handle accept(int fd);

    /// The public keys as lines of a known_hosts file have them: `type base64`.
    std::vector<std::string> public_keys() const;

  private:
    void adopt(std::vector<key_handle> keys);

    algorithm_spec algorithms_;
    std::vector<std::string> types_;
    mutable std::mutex mutex_;
    bind_handle bind_;
    std::vector<std::string> public_keys_;
};

} // namespace ferrule::simdevice
