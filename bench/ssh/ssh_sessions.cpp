// ssh_sessions: how much memory idle sessions take when libssh alone holds them.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <vector>

#include <unistd.h>

#include "ssh/bare_session.hpp"

namespace {

double resident_kb() {
    std::ifstream file("/proc/self/statm");
    long all = 0;
    long resident = 0;
    file >> all >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

} // namespace

int main(int argc, char** argv) {
    using namespace ferrule::bench;
    if (argc != 5) {
        std::fprintf(stderr, "usage: ssh_sessions USER PASSWORD PORTS_FILE COMMAND\n"
                             "Opens a session to each port on loopback, runs the command once in each, and prints a "
                             "line of JSON.\n");
        return 2;
    }
    try {
        std::ifstream ports(argv[3]);
        std::vector<std::unique_ptr<bare_session>> sessions;
        login to;
        to.user = argv[1];
        to.password = argv[2];
        const double before = resident_kb();
        while (ports >> to.port) {
            sessions.push_back(std::make_unique<bare_session>(to));
            sessions.back()->run(argv[4]);
        }
        const double after = resident_kb();
        std::printf(R"({"sessions":%zu,"before_kb":%.0f,"after_kb":%.0f})"
                    "\n",
                    sessions.size(), before, after);
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "ssh_sessions: %s\n", problem.what());
        return 1;
    }
}
