// SPDX-License-Identifier: Apache-2.0
// The driver against OpenSSH's sshd and a real shell: implementations that share nothing with libssh and the simulated
// devices.
#include "plugins/drivers/rig.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

using namespace ferrule::drivers_test;
using ferrule::simdevice::testing::run;

namespace {

/// A listening socket on a port of the kernel's choice; closed with the object.
class listener {
  public:
    listener()
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd_, 64) != 0 ||
            ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
            throw std::runtime_error("no listening socket");
        }
        port = ntohs(address.sin_port);
    }

    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    ~listener() { ::close(fd_); }

    int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

    void stop() const { ::shutdown(fd_, SHUT_RDWR); }

    std::uint16_t port = 0;

  private:
    int fd_;
};

/// Starts an sshd for each connection, as inetd does, so that there is nothing to wait for. The user who runs the tests
/// logs in by key.
class sshd {
  public:
    explicit sshd(const std::string& more = "") {
        for (const auto* name : {"host", "user"}) {
            if (run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place_.path(name)}).status != 0) {
                throw std::runtime_error("ssh-keygen failed");
            }
        }
        place_.write("authorized", place_.read("user.pub"));
        ::mkdir("/run/sshd",
                0755); // where it does its privilege separation; fails, and is not needed, for others than root
        config_ = place_.write("config", "HostKey " + place_.path("host") + "\nAuthorizedKeysFile " +
                                             place_.path("authorized") +
                                             "\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPrintMotd no\n" + more);
        thread_ = std::thread([this] { serve(); });
    }

    sshd(const sshd&) = delete;
    sshd& operator=(const sshd&) = delete;

    ~sshd() {
        listener_.stop();
        thread_.join();
        for (const auto pid : children_) {
            ::kill(pid, SIGTERM);
            ::waitpid(pid, nullptr, 0);
        }
    }

    [[nodiscard]] std::uint16_t port() const { return listener_.port; }

    [[nodiscard]] json login() const {
        return {{"username", ::getpwuid(::getuid())->pw_name}, {"private_key", place_.read("user")}};
    }

  private:
    void serve() {
        for (int fd = listener_.accept(); fd >= 0; fd = listener_.accept()) {
            const auto pid = ::fork();
            if (pid == 0) {
                ::dup2(fd, 0);
                ::dup2(fd, 1);
                ::dup2(::open("/dev/null", O_WRONLY), 2);
                ::execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-f", config_.c_str(), nullptr);
                ::_exit(127);
            }
            ::close(fd);
            children_.push_back(pid);
        }
    }

    scratch place_;
    std::string config_;
    listener listener_;
    std::vector<pid_t> children_;
    std::thread thread_;
};

} // namespace

TEST_CASE("a real shell behind OpenSSH: output, exit status, output without line feed, and what looks like prompts") {
    const sshd server;
    rig r;
    r.set_login(server.login());
    const auto opened = r.open(1, r.target(server.port(), "linux"));
    INFO(opened.message());
    REQUIRE(opened.ok);
    CHECK(r.exec(1, "printf 'a\\nb'").output == "a\nb");
    CHECK(r.exec(1, "echo 'root@box:~# '; echo '$ '").output == "root@box:~# \n$ ");
    CHECK(r.exec(1, "(exit 42)").reply["exit_status"] == 42);
    CHECK(r.exec(1, "true").reply["exit_status"] == 0);
    CHECK(r.exec(1, "stty size").output == "0 511");
    CHECK(r.exec(1, "echo $TERM").output == "dumb");
    CHECK(r.exec(1, "cd /; pwd").output == "/");
    CHECK(r.exec(1, "pwd").output == "/");
    CHECK(r.exec(1, "echo " + std::string(3000, 'x')).output == std::string(3000, 'x'));
    CHECK(r.exec(1, "seq 1 20000 | tail -1").output == "20000");
    const auto big = r.exec(1, "seq 1 200000");
    CHECK(big.output.size() == 1288894);
    CHECK(big.output.ends_with("\n199999\n200000"));
    CHECK(r.keepalive(1).ok);
    CHECK(r.close(1).ok);
}

TEST_CASE("a question of a real program is answered, and its secret is not seen") {
    const sshd server;
    rig r;
    r.set_login(server.login());
    REQUIRE(r.open(1, r.target(server.port(), "linux")).ok);
    const json prompts = {{{"pattern", "^name\\?"}, {"reply", "bob"}},
                          {{"pattern", "^pin\\?"}, {"reply", "s3cretpin"}, {"secret", true}}};
    const auto got =
        r.exec(1, "read -p 'name? ' n; read -p 'pin? ' p; echo \"hello $n ${#p} $p\"", {{"prompts", prompts}});
    CHECK(got.ok);
    CHECK(got.output == "name?\npin?\nhello bob 9 ********");
}

TEST_CASE("OpenSSH as jump host: through it, to a closed port behind it, and where it may not forward") {
    const sshd jump;
    const sshd device;
    rig r;
    r.set_login(jump.login(), "jump");
    r.set_login(device.login());
    auto to = r.target(device.port(), "linux");
    const auto through = [](std::uint16_t port) {
        return json::array({{{"host", "127.0.0.1"},
                             {"port", port},
                             {"credential", "jump"},
                             {"options", {{"host_key_policy", "insecure"}}}}});
    };
    to["jump"] = through(jump.port());
    const auto opened = r.open(1, to);
    INFO(opened.message());
    REQUIRE(opened.ok);
    CHECK(r.exec(1, "echo through").output == "through");
    const auto big = r.exec(1, "seq 1 200000");
    CHECK(big.output.size() == 1288894);

    std::uint16_t closed = 0;
    {
        const listener gone;
        closed = gone.port;
    }
    to["port"] = closed;
    const auto refused = r.open(2, to);
    CHECK(refused.code() == "connection_refused");
    CHECK_THAT(refused.message(), Catch::Contains("through 127.0.0.1:" + std::to_string(jump.port())));

    const sshd strict("AllowTcpForwarding no\n");
    r.set_login(strict.login(), "jump");
    to["port"] = device.port();
    to["jump"] = through(strict.port());
    CHECK(r.open(3, to).code() == "jump_refused");
}

TEST_CASE("keys are exchanged again in the middle of output, between commands, and on the way through a jump host") {
    const sshd server("RekeyLimit 64K\n");
    rig r;
    r.set_login(server.login());
    REQUIRE(r.open(1, r.target(server.port(), "linux")).ok);
    for (int i = 0; i < 4; ++i) {
        const auto big = r.exec(1, "seq 1 40000");
        INFO("round " << i << ": " << big.message());
        REQUIRE(big.output.size() == 228893);
        REQUIRE(r.exec(1, "echo small").output == "small");
    }
    auto to = r.target(server.port(), "linux");
    to["jump"] = json::array({{{"host", "127.0.0.1"},
                               {"port", server.port()},
                               {"credential", "login"},
                               {"options", {{"host_key_policy", "insecure"}}}}});
    REQUIRE(r.open(2, to).ok);
    for (int i = 0; i < 2; ++i) {
        const auto big = r.exec(2, "seq 1 40000");
        INFO("round " << i << ": " << big.message());
        REQUIRE(big.output.size() == 228893);
    }
}

TEST_CASE("a device of the old days is reached with legacy_algorithms and not without") {
    const sshd server("KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\n");
    rig r;
    r.set_login(server.login());
    const auto refused = r.open(1, r.target(server.port(), "linux"));
    CHECK(refused.code() == "kex_failed");
    CHECK_THAT(refused.message(),
               Catch::Contains("diffie-hellman-group14-sha1") && Catch::Contains("legacy_algorithms"));
    const auto opened = r.open(2, r.target(server.port(), "linux", {{"legacy_algorithms", true}}));
    INFO(opened.message());
    REQUIRE(opened.ok);
    CHECK(r.exec(2, "echo old").output == "old");
}
