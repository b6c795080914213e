// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/agent.hpp"

#include "ssh/session/handshake.hpp"

#include <ferrule/sdk/offload.hpp>
#include <ferrule/sdk/timer.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ferrule::ssh {

namespace {

/// The agent's socket; shared with the pool's thread, closed when both are done with it.
class agent_socket {
  public:
    explicit agent_socket(int fd) noexcept
        : fd_(fd) {}

    agent_socket(const agent_socket&) = delete;
    agent_socket& operator=(const agent_socket&) = delete;

    ~agent_socket() { ::close(fd_); }

    [[nodiscard]] int fd() const noexcept { return fd_; }

    /// Ends whoever reads from it. [any thread]
    void shut() const noexcept { ::shutdown(fd_, SHUT_RDWR); }

  private:
    int fd_;
};

sdk::result<std::shared_ptr<agent_socket>> connect_agent(std::string path) {
    if (path == "env") {
        const char* from_environment = std::getenv("SSH_AUTH_SOCK");
        path = from_environment == nullptr ? "" : from_environment;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return sdk::error(
            "agent_unreachable",
            "No SSH agent: SSH_AUTH_SOCK is not set for Ferrule; give the socket's path in the credential.");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        const int reason = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        return sdk::error("agent_unreachable",
                          "The SSH agent at '" + path + "' cannot be reached: " + std::strerror(reason) + ".", true);
    }
    return std::make_shared<agent_socket>(fd);
}

/// Leaves the session without an agent, whatever happened. When the coroutine goes while the pool still works, it makes
/// that end soon.
class borrowed_session {
  public:
    borrowed_session(std::shared_ptr<link> on, std::shared_ptr<agent_socket> agent)
        : on_(std::move(on))
        , agent_(std::move(agent)) {}

    borrowed_session(const borrowed_session&) = delete;
    borrowed_session& operator=(const borrowed_session&) = delete;

    ~borrowed_session() {
        agent_->shut();
        if (!away_) {
            ssh_set_agent_socket(on_->raw(), SSH_INVALID_SOCKET);
        }
    }

    void away(bool is) noexcept { away_ = is; }

  private:
    std::shared_ptr<link> on_;
    std::shared_ptr<agent_socket> agent_;
    bool away_ = false;
};

} // namespace

sdk::task<sdk::result<int>> login_by_agent(sdk::strand& home, std::shared_ptr<link> on, std::string path,
                                           sdk::time_ns deadline, sdk::error late) {
    auto connected = connect_agent(std::move(path));
    if (!connected) {
        co_return connected.error();
    }
    const auto agent = *std::move(connected);
    ssh_set_agent_socket(on->raw(), agent->fd());
    borrowed_session borrowed(on, agent);
    sdk::timer limit(home, [agent] { agent->shut(); });
    limit.start(deadline);
    for (;;) {
        const auto before = on->received();
        on->pause();
        borrowed.away(true);
        auto call = [on, agent] { return ssh_userauth_agent(on->raw(), nullptr); };
        const int rc = co_await sdk::offload(call);
        borrowed.away(false);
        on->resume();
        if (home.host().now() >= deadline) {
            co_return late;
        }
        if (rc != SSH_AUTH_AGAIN) {
            co_return rc;
        }
        if (on->received() != before) {
            continue;
        }
        const auto waited = co_await next_activity(*on, deadline, late);
        if (!waited) {
            co_return waited.error();
        }
    }
}

} // namespace ferrule::ssh
