// Loads the probe as Ferrule does and lets it knock at a real socket.
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

/// A loopback socket with a port of its own; it accepts connections only when it listens.
class local_port {
  public:
    explicit local_port(bool listening)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        if (::bind(fd_, raw, size) != 0 || (listening && ::listen(fd_, 8) != 0) ||
            ::getsockname(fd_, raw, &size) != 0) {
            throw std::system_error(errno, std::generic_category(), "there is no port on loopback");
        }
        port_ = ntohs(address.sin_port);
    }

    local_port(const local_port&) = delete;
    local_port& operator=(const local_port&) = delete;

    ~local_port() { ::close(fd_); }

    [[nodiscard]] std::string target() const { return R"({"host":"127.0.0.1","port":)" + std::to_string(port_) + "}"; }

  private:
    int fd_;
    int port_ = 0;
};

} // namespace

int main(int, char** argv) {
    th::host host;
    const auto plugin = th::plugin::load(argv[1]);
    th::probe probe(host, plugin.component(FRL_KIND_PROBE, "knock"));

    const local_port open(true);
    auto seen = host.wait(probe.start(open.target()));
    expect(seen.ok() && has(seen, "\"success\":true"), "an open port is up", seen);

    const local_port closed(false);
    seen = host.wait(probe.start(closed.target()));
    expect(seen.ok() && has(seen, "Connection refused"), "a closed port is down, with the reason", seen);

    seen = host.wait(probe.start(R"({"host":"nobody.invalid","port":1})"));
    expect(seen.ok() && has(seen, "\"failed_phase\":\"resolve\""), "an unknown name is down in its phase", seen);

    seen = host.wait(probe.start("{}"));
    expect(seen.status == FRL_FAILED && has(seen, "invalid_target"), "a target without a port is an error", seen);

    host.services().hold(); // DNS does not answer
    auto op = probe.start(open.target(), std::chrono::seconds(2));
    host.loop().advance(std::chrono::seconds(2));
    expect(has(host.result(op), "no answer in time"), "the deadline ends a probe that hangs", host.result(op));

    op = probe.start(open.target());
    probe.cancel(op);
    expect(host.result(op).status == FRL_CANCELLED, "a cancelled probe ends at once", host.result(op));

    probe.destroy();
    expect(host.stale_completions() == 0 && host.loop().watch_count() == 0 && host.loop().timer_count() == 0,
           "nothing is left behind", {});
    return failures == 0 ? 0 : 1;
}
