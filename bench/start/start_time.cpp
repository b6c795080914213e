// start_time: how long a program takes from exec until it serves, or until it ends.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.hpp"

namespace {

using ticks = std::chrono::steady_clock;

constexpr int patience_ms = 20'000;

struct child {
    pid_t pid = 0;
    int log = -1; ///< Its stderr.
};

child start(char** command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    child made;
    const int failed = ::posix_spawn(&made.pid, command[0], &actions, nullptr, command, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    made.log = ends[0];
    if (failed != 0)
        throw std::runtime_error(std::string("cannot start ") + command[0] + ": " + std::strerror(failed));
    return made;
}

// Follows the log until the daemon names its address: no polling, no guess at the port.
unsigned short port_of(const child& of) {
    std::string log;
    std::array<char, 4096> piece;
    pollfd readable{of.log, POLLIN, 0};
    for (;;) {
        const auto at = log.find(" serving the API address=");
        const auto end = at == std::string::npos ? at : log.find('\n', at);
        if (end != std::string::npos)
            return static_cast<unsigned short>(std::strtoul(log.c_str() + log.rfind(':', end) + 1, nullptr, 10));
        const bool more = ::poll(&readable, 1, patience_ms) > 0;
        const auto got = more ? ::read(of.log, piece.data(), piece.size()) : 0;
        if (got <= 0)
            throw std::runtime_error("the daemon did not start; it said:\n" + log);
        log.append(piece.data(), static_cast<std::size_t>(got));
    }
}

void ask_health(unsigned short port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string asked = "GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    std::array<char, 64> answer{};
    const bool answered = ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
                          ::send(fd, asked.data(), asked.size(), MSG_NOSIGNAL) > 0 &&
                          ::recv(fd, answer.data(), answer.size() - 1, 0) > 0;
    ::close(fd);
    if (!answered || std::strncmp(answer.data(), "HTTP/1.1 200", 12) != 0)
        throw std::runtime_error(std::string("/healthz did not answer with 200 but: ") + answer.data());
}

void end(const child& of) {
    ::kill(of.pid, SIGTERM);
    ::waitpid(of.pid, nullptr, 0);
    ::close(of.log);
}

double one_run(bool serves, char** command) {
    const auto began = ticks::now();
    const auto running = start(command);
    try {
        if (serves)
            ask_health(port_of(running));
        else
            ::waitpid(running.pid, nullptr, 0);
    } catch (...) {
        end(running);
        throw;
    }
    const std::chrono::duration<double, std::milli> took = ticks::now() - began;
    if (serves)
        end(running);
    else
        ::close(running.log);
    return took.count();
}

} // namespace

int main(int argc, char** argv) {
    const std::string until = argc > 3 ? argv[1] : "";
    if (until != "serving" && until != "end") {
        std::fprintf(stderr, "usage: start_time serving|end RUNS PROGRAM [ARGUMENT…]\n"
                             "Starts the program so many times, one after the other, and prints a line of JSON.\n");
        return 2;
    }
    try {
        std::vector<double> took;
        for (auto runs = std::strtoul(argv[2], nullptr, 10); runs > 0; --runs)
            took.push_back(one_run(until == "serving", argv + 3));
        const auto fastest = *std::min_element(took.begin(), took.end());
        std::printf(R"({"p50_ms":%.3f,"min_ms":%.3f,"max_ms":%.3f})"
                    "\n",
                    ferrule::bench::quantile(took, 0.5), fastest, ferrule::bench::quantile(took, 1));
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "start_time: %s\n", problem.what());
        return 1;
    }
}
