#include "simdevice/testing.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ferrule::simdevice::testing {

namespace {

constexpr int patience_ms = 30'000;

void require(bool good, ssh_session session, const std::string& what) {
    if (!good) {
        throw std::runtime_error(what + ": " + ssh_get_error(session));
    }
}

/// A connection whose receive buffer is as small as the kernel allows.
int narrow_connection(std::uint16_t port, int receive_buffer) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("connect to port " + std::to_string(port));
    }
    return fd;
}

[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment, int input, int output) {
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (const auto& [name, value] : environment) {
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> pointers;
    for (const auto& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    alarm(60);
    execvp(pointers.front(), pointers.data());
    _exit(127);
}

} // namespace

command_spec says(const std::string& text, const std::string& output) {
    command_spec command;
    command.text = text;
    command.output = output;
    return command;
}

device_spec small_device(const std::string& name) {
    device_spec device;
    device.name = name;
    device.commands.push_back(says("show version", "Simulated IOS on ${hostname}\nuptime is 1 day\n"));
    return device;
}

client::client(std::uint16_t port, const std::string& user, int receive_buffer)
    : session_(ssh_new()) {
    const bool read_no_config = false;
    const long seconds = patience_ms / 1000;
    const unsigned wanted = port;
    const int without_delay = 1; // else each of the login's small packets waits for a delayed acknowledgement
    ssh_options_set(session_.get(), SSH_OPTIONS_PROCESS_CONFIG, &read_no_config);
    ssh_options_set(session_.get(), SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(session_.get(), SSH_OPTIONS_PORT, &wanted);
    ssh_options_set(session_.get(), SSH_OPTIONS_USER, user.c_str());
    ssh_options_set(session_.get(), SSH_OPTIONS_SSH_DIR, "/dev/null");
    ssh_options_set(session_.get(), SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
    ssh_options_set(session_.get(), SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
    ssh_options_set(session_.get(), SSH_OPTIONS_NODELAY, &without_delay);
    ssh_options_set(session_.get(), SSH_OPTIONS_TIMEOUT, &seconds);
    if (receive_buffer > 0) {
        const socket_t fd = narrow_connection(port, receive_buffer);
        ssh_options_set(session_.get(), SSH_OPTIONS_FD, &fd);
    }
    require(ssh_connect(session_.get()) == SSH_OK, session_.get(), "connect");
}

client::~client() {
    if (session_ != nullptr) {
        ssh_disconnect(session_.get());
    }
}

client& client::login(const std::string& password) {
    require(ssh_userauth_password(session_.get(), nullptr, password.c_str()) == SSH_AUTH_SUCCESS, session_.get(),
            "login");
    return *this;
}

client& client::open_shell(bool pty, int columns) {
    channel_ = ssh_channel_new(session_.get());
    require(ssh_channel_open_session(channel_) == SSH_OK, session_.get(), "open channel");
    if (pty) {
        require(ssh_channel_request_pty_size(channel_, "vt100", columns, 24) == SSH_OK, session_.get(), "pty");
    }
    require(ssh_channel_request_shell(channel_) == SSH_OK, session_.get(), "shell");
    return *this;
}

client& client::write(const std::string& bytes) {
    const int written = ssh_channel_write(channel_, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    require(written == static_cast<int>(bytes.size()), session_.get(), "write");
    return *this;
}

std::string client::read_to(const std::string& ending) {
    std::string all;
    std::array<char, 16384> buffer{};
    while (!all.ends_with(ending)) {
        const int got = ssh_channel_read_timeout(channel_, buffer.data(), buffer.size(), 0, patience_ms);
        require(got > 0, session_.get(), "wanted '" + ending + "' but the output ended with '" + all + "'");
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
}

std::string client::read_to_end() {
    std::string all;
    std::array<char, 16384> buffer{};
    int got = 0;
    while ((got = ssh_channel_read_timeout(channel_, buffer.data(), buffer.size(), 0, patience_ms)) > 0) {
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    require(ssh_channel_is_eof(channel_) != 0 || ssh_is_connected(session_.get()) == 0, session_.get(),
            "the output had no end");
    return all;
}

std::string client::command(const std::string& line, const std::string& prompt) {
    write(line + "\n");
    return read_to(prompt);
}

std::string client::host_key() const {
    ssh_key raw = nullptr;
    require(ssh_get_server_publickey(session_.get(), &raw) == SSH_OK, session_.get(), "host key");
    const key_handle key(raw);
    char* text = nullptr;
    ssh_pki_export_pubkey_base64(key.get(), &text);
    std::string line = std::string(ssh_key_type_to_char(ssh_key_type(key.get()))) + " " + text;
    ssh_string_free_char(text);
    return line;
}

finished_process run(const std::vector<std::string>& arguments, const std::string& input,
                     const std::map<std::string, std::string>& environment) {
    int to_child[2];
    int from_child[2];
    if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe");
    }
    const pid_t child = fork();
    if (child == 0) {
        become(arguments, environment, to_child[0], from_child[1]);
    }
    close(to_child[0]);
    close(from_child[1]);
    [[maybe_unused]] const auto written = ::write(to_child[1], input.data(), input.size());
    close(to_child[1]);
    finished_process result;
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = read(from_child[0], buffer.data(), buffer.size())) > 0) {
        result.output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    close(from_child[0]);
    int status = 0;
    waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

scratch_directory::scratch_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "ferrule-simdevice-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no directory can be made like " + name);
    }
    root_ = name;
}

scratch_directory::~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string scratch_directory::write(const std::string& name, const std::string& text, bool executable) const {
    const auto file = path(name);
    std::ofstream(file) << text;
    using std::filesystem::perms;
    std::filesystem::permissions(file, executable ? perms::owner_all : perms::owner_read | perms::owner_write);
    return file;
}

} // namespace ferrule::simdevice::testing
