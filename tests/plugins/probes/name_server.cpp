// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/name_server.hpp"

#include "plugins/probes/servers.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace ferrule::probes_test {

namespace {

constexpr const char* program = "/usr/sbin/nsd";

/// A port that was free for UDP and TCP a moment ago.
std::uint16_t free_port() {
    while (true) {
        const bound_socket udp(SOCK_DGRAM);
        try {
            const bound_socket tcp(SOCK_STREAM, "127.0.0.1", udp.port());
            return tcp.port();
        } catch (const std::exception&) { // taken by somebody else: another one
        }
    }
}

pid_t launch(const std::string& config, int output) {
    const pid_t made = ::fork();
    if (made == 0) {
        ::dup2(output, 1);
        ::dup2(output, 2);
        ::execl(program, "nsd", "-d", "-c", config.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    return made;
}

} // namespace

bool name_server::available() {
    return ::access(program, X_OK) == 0;
}

name_server::name_server(const std::string& records)
    : port_(free_port()) {
    const auto here = files_.path("");
    files_.write("zone", "$ORIGIN example.test.\n$TTL 300\n@ SOA ns hostmaster 2026010203 3600 600 86400 60\n@ NS ns\n"
                         "ns A 192.0.2.53\n" +
                             records);
    const auto config =
        files_.write("nsd.conf", "server:\n  ip-address: 127.0.0.1@" + std::to_string(port_) +
                                     "\n  server-count: 1\n  username: \"\"\n  database: \"\"\n  zonesdir: \"" + here +
                                     "\"\n  pidfile: \"" + here + "pid\"\n  xfrdfile: \"" + here +
                                     "xfrd\"\n  zonelistfile: \"" + here + "zones\"\n  xfrdir: \"" + here +
                                     "\"\n  verbosity: 1\nremote-control:\n  control-enable: no\n"
                                     "zone:\n  name: example.test\n  zonefile: zone\n");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    output_ = ends[0];
    process_ = launch(config, ends[1]);
    ::close(ends[1]);
    std::string said;
    char c = 0;
    while (said.find("nsd started") == std::string::npos) { // it says so when its sockets are open
        if (::read(output_, &c, 1) != 1) {
            throw std::runtime_error("nsd did not start: " + said);
        }
        said += c;
    }
}

name_server::~name_server() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    ::close(output_);
}

} // namespace ferrule::probes_test
