// Loads the probe as Ferrule does and lets it talk to a real socket.
#include <ferrule/testhost.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace th = ferrule::testhost;

namespace {

int failures = 0;

void expect(bool holds, const std::string& what, const th::outcome& seen) {
    std::printf("%s: %s\n", holds ? "ok" : "FAILED", what.c_str());
    if (!holds) {
        std::printf("  status %d, %s\n", seen.status, seen.json.c_str());
        ++failures;
    }
}

bool has(const th::outcome& seen, const std::string& part) {
    return seen.json.find(part) != std::string::npos;
}

/// A service on loopback that the test answers for by hand.
class service {
  public:
    service()
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        if (::bind(fd_, raw, size) != 0 || ::listen(fd_, 8) != 0 || ::getsockname(fd_, raw, &size) != 0) {
            throw std::system_error(errno, std::generic_category(), "there is no port on loopback");
        }
        port_ = ntohs(address.sin_port);
    }

    service(const service&) = delete;
    service& operator=(const service&) = delete;

    ~service() {
        ::close(peer_);
        ::close(fd_);
    }

    [[nodiscard]] std::string target() const {
        return R"({"host":"localhost","port":)" + std::to_string(port_) + R"(,"say":"HELO me","expect":"220 "})";
    }

    /// Takes the connection, if there is one.
    bool accept() {
        ::close(peer_);
        peer_ = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        return peer_ >= 0;
    }

    /// What the probe said.
    [[nodiscard]] std::string heard() const {
        char buffer[100];
        const auto count = ::recv(peer_, buffer, sizeof(buffer), 0);
        return {buffer, count > 0 ? static_cast<std::size_t>(count) : 0};
    }

    void say(const std::string& text) const { ::send(peer_, text.data(), text.size(), MSG_NOSIGNAL); }

    void hang_up() {
        ::close(peer_);
        peer_ = -1;
    }

  private:
    int fd_;
    int peer_ = -1;
    int port_ = 0;
};

} // namespace

int main(int, char** argv) {
    th::host host;
    host.services().set_name("localhost", {"127.0.0.1"});
    const auto plugin = th::plugin::load(argv[1]);
    th::probe probe(host, plugin.component(FRL_KIND_PROBE, "greeting"));
    service smtp;

    const auto connected = [&] { return smtp.accept(); };

    auto op = probe.start(smtp.target());
    host.loop().run_until(connected);
    expect(smtp.heard() == "HELO me\r\n", "the service hears what the target says", host.result(op));
    smtp.say("22");
    smtp.say("0 welcome\r\n");
    auto seen = host.wait(op);
    expect(seen.ok() && has(seen, "\"success\":true") && has(seen, "127.0.0.1"), "the right answer is up", seen);

    op = probe.start(smtp.target());
    host.loop().run_until(connected);
    smtp.say("554 go away\r\n");
    seen = host.wait(op);
    expect(seen.ok() && has(seen, "does not start with '220 '"), "another answer is down", seen);

    op = probe.start(smtp.target());
    host.loop().run_until(connected);
    smtp.hang_up();
    seen = host.wait(op);
    expect(seen.ok() && has(seen, "\"success\":false"), "a service that hangs up is down", seen);

    op = probe.start(smtp.target(), std::chrono::seconds(3));
    host.loop().run_until(connected);
    host.loop().advance(std::chrono::seconds(3));
    expect(has(host.result(op), "no answer in time"), "silence ends at the deadline", host.result(op));

    op = probe.start(smtp.target());
    host.loop().run_until(connected);
    probe.cancel(op);
    seen = host.wait(op);
    expect(seen.status == FRL_CANCELLED, "a cancelled probe ends at once", seen);

    seen = host.wait(probe.start(R"({"host":"nobody.invalid","port":1})"));
    expect(seen.ok() && has(seen, "\"failed_phase\":\"resolve\""), "an unknown name is down in its phase", seen);

    probe.destroy();
    expect(host.stale_completions() == 0 && host.loop().watch_count() == 0 && host.loop().timer_count() == 0,
           "nothing is left behind", {});
    return failures == 0 ? 0 : 1;
}
