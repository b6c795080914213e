// Counterparts for tests of the simulated device: a libssh client, and other programs such as OpenSSH's ssh.
#pragma once

#include "simdevice/spec.hpp"
#include "simdevice/ssh_handles.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ferrule::simdevice::testing {

/// A device with a `show version`, to which a test adds what it is about.
device_spec small_device(const std::string& name = "core1");

/// An exact command with its output.
command_spec says(const std::string& text, const std::string& output);

/// A libssh client in blocking mode with a limit of 30 s on every wait. Failures throw std::runtime_error.
class client {
  public:
    /// A small `receive_buffer` (bytes) leaves unread output with the device's kernel.
    explicit client(std::uint16_t port, const std::string& user = "admin", int receive_buffer = 0);
    ~client();
    client(client&&) noexcept = default;

    client& login(const std::string& password = "admin");
    client& open_shell(bool pty = true, int columns = 80);
    client& write(const std::string& bytes);

    /// Reads until what came ends with `ending`.
    std::string read_to(const std::string& ending);
    /// Reads until the server ends the channel or the connection.
    std::string read_to_end();
    /// Writes the line and reads to the prompt.
    std::string command(const std::string& line, const std::string& prompt);

    std::string host_key() const;

    ssh_session session() const { return session_.get(); }

    ssh_channel channel() const { return channel_; }

  private:
    session_handle session_;
    ssh_channel channel_ = nullptr;
};

/// What a program left behind.
struct finished_process {
    int status = -1;
    std::string output; ///< stdout and stderr
};

/// Runs a program to its end, at most 60 s; `environment` is added to this process's.
finished_process run(const std::vector<std::string>& arguments, const std::string& input = {},
                     const std::map<std::string, std::string>& environment = {});

/// A directory that vanishes with the object.
class scratch_directory {
  public:
    scratch_directory();
    ~scratch_directory();
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    std::string path(const std::string& name) const { return (root_ / name).string(); }

    std::string write(const std::string& name, const std::string& text, bool executable = false) const;

  private:
    std::filesystem::path root_;
};

} // namespace ferrule::simdevice::testing
