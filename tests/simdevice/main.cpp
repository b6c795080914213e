// ferrule-simdevice: simulated SSH devices as a process of their own.
#include "simdevice/control.hpp"
#include "simdevice/spec_yaml.hpp"

#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace {

/// A session needs a descriptor, and the soft limit is often 1,024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// SIGTERM and SIGINT become readable; blocked before any thread starts, so that none takes them.
int signal_descriptor() {
    sigset_t set{};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/// Answers control lines until stdin ends or a signal comes.
void serve(ferrule::simdevice::simulator& devices, int signals) {
    std::string pending;
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
    while (poll(watched, 2, -1) > 0 && watched[1].revents == 0) {
        char buffer[4096];
        const auto got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got <= 0) {
            return;
        }
        pending.append(buffer, static_cast<std::size_t>(got));
        for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
            std::cout << ferrule::simdevice::control(devices, pending.substr(0, end)) << std::endl;
            pending.erase(0, end + 1);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2 || std::strcmp(argv[1], "--help") == 0) {
        std::cerr << "usage: ferrule-simdevice FILE.yaml\n"
                     "Listens as the file says, prints one line of JSON with the ports, then obeys lines on stdin;\n"
                     "ends with stdin or SIGTERM.\n";
        return argc == 2 ? 0 : 2;
    }
    try {
        raise_descriptor_limit();
        const int signals = signal_descriptor();
        auto wanted = ferrule::simdevice::read_simulation_file(argv[1]);
        ferrule::simdevice::simulator devices(std::move(wanted.devices), wanted.threads);
        std::cout << ferrule::simdevice::ready_line(devices) << std::endl;
        serve(devices, signals);
        return 0;
    } catch (const std::exception& problem) {
        std::cerr << problem.what() << '\n';
        return 1;
    }
}
